/** The layers of a chart that stands by itself: on an object's page, a dashboard, a wall. */
import type { Key, SeriesAnswer } from '../../api/schema.ts'
import { ask, type Query } from '../client.ts'
import type { Split } from '../state/address.ts'
import { isLocal } from '../state/collector.ts'
import { makeLayers, type Layers } from './layers.ts'

/** Steps longer than the interval that is counted have a maximum of their own. */
const intervalSeconds = 300

/**
 * The layers of one key, or of all traffic, by direction; with the peaks where steps have any.
 * `counted` asks what an interface counts itself, which is drawn beside.
 */
export async function fetchByDirection(
  query: Query,
  ended: AbortSignal,
  counted: Query | null = null,
): Promise<Layers> {
  const answer = await ask('series', query, ended)
  const wantsPeak = answer.step > intervalSeconds
  const peak = wantsPeak
    ? await ask('series', { ...query, step: answer.step, cf: 'max' }, ended)
    : null
  const keyed = byDirection(answer)
  const own = counted ? await ask('series', { ...counted, step: answer.step }, ended) : null
  const hasCounters = own?.series.some(({ summary }) => summary.total > 0) === true
  return makeLayers({
    split: 'direction',
    keyed,
    totals: keyed,
    peak: peak && byDirection(peak),
    compared: own && hasCounters ? byDirection(own) : null,
    isLocal: () => true,
  })
}

/** The layers of a split, as Explore draws them. */
export async function fetchSplit(
  { split, query }: { split: Split; query: Query },
  ended: AbortSignal,
): Promise<Layers> {
  if (split === 'direction') return fetchByDirection({ ...query, by: 'direction' }, ended)
  const words = split === 'interface' ? 'exporter,interface,direction' : `${split},direction`
  const keyed = await ask('series', { ...query, by: words }, ended)
  const totals = await ask('series', { ...query, by: 'direction', step: keyed.step }, ended)
  return makeLayers({ split, keyed, totals, peak: null, isLocal: isLocal.value })
}

/** The entries as those of their direction alone: what they are of is said by the chart's title. */
function byDirection(answer: SeriesAnswer): SeriesAnswer {
  const direction = (key: Key | null): Key => ({ direction: key?.['direction'] ?? 'in' })
  return {
    ...answer,
    series: answer.series
      .filter(({ key }) => key?.['other'] !== true)
      .map((entry) => ({ ...entry, key: direction(entry.key) })),
  }
}
