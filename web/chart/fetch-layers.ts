/** The layers of a graph on an object's page. */
import type { Key, SeriesAnswer } from '../../api/schema/schema.ts'
import { intervalSeconds } from '../../flow/interval.ts'
import { ask, type Query } from '../client.ts'
import type { Measure } from '../state/address.ts'
import { makeLayers, type Layers } from './layers.ts'

/**
 * The layers of one key, or of all traffic, by direction, with peaks where steps have any.
 * `counted` queries the interface's own counters, which are drawn beside it.
 */
export async function fetchByDirection(
  query: Query,
  ended: AbortSignal,
  counted: Query | null = null,
): Promise<Layers> {
  const answer = await ask('series', query, ended)
  // Steps longer than an interval have a maximum of their own.
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

/** The layers of a graph that could not be fetched: a single step, of which nothing is known. */
export function unreadLayers(asked: { from: number; to: number; measure: Measure }): Layers {
  const { from, to, measure } = asked
  const answer: SeriesAnswer = {
    from, to, asked: { from, to }, snapped: false, step: to - from, source: '', cf: 'average', measure,
    by: ['direction'], time: [from], series: [], unknown: [], lost: [], open: null, remarks: [],
  } // prettier-ignore
  const total = { above: [null], below: [null] }
  return {
    answer, layers: [], total, totals: [], peak: null, peakIsBound: false, compared: null,
    comparedIsBound: false,
    localOnly: false,
  } // prettier-ignore
}

/** The entries labelled by direction only: the chart's title names the object. */
function byDirection(answer: SeriesAnswer): SeriesAnswer {
  const direction = (key: Key | null): Key => ({ direction: key?.['direction'] ?? 'in' })
  return {
    ...answer,
    series: answer.series
      .filter(({ key }) => key?.['other'] !== true)
      .map((entry) => ({ ...entry, key: direction(entry.key) })),
  }
}
