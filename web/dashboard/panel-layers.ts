/** The layers of a dashboard's chart, whatever its split. */
import type { Key, SeriesAnswer, SeriesEntry } from '../../api/schema/schema.ts'
import { keyId, makeLayers, remainder, sumOfKnown, type Layers } from '../chart/layers.ts'
import { splitKeys } from '../state/address.ts'

interface PanelSource {
  /** All traffic by direction, of a chart of hosts; null if it is not known. */
  totals: SeriesAnswer | null
  isLocal: (host: string) => boolean
}

/**
 * Whether a chart is of many hosts: as in Explore, its rest is that of all traffic, because a list
 * of hosts has both ends of each flow.
 */
export function isOfHosts({ by, key }: Record<string, string>): boolean {
  return (by === splitKeys.host || by === 'host') && key === undefined
}

/** The listed keys and their rest are the whole, except of hosts, whose whole is `totals`. */
export function panelLayers(answer: SeriesAnswer, { totals, isLocal }: PanelSource): Layers {
  const hasDirection = answer.by.includes('direction')
  if (totals && hasDirection)
    return makeLayers({ split: 'host', keyed: answer, totals, peak: null, isLocal })
  const word = answer.by.findLast((each) => each !== 'direction') ?? 'direction'
  const isPlain = word === 'direction' || word === 'interface'
  const listed = listedOf(answer, word, { totals, isLocal })
  const keyed = { ...answer, series: hasDirection ? listed : listed.map(received) }
  return makeLayers({
    // Listed keys and rest are drawn as they are, whatever the word.
    split: isPlain ? word : 'port',
    keyed,
    totals: keyed,
    peak: null,
    isLocal,
  })
}

function listedOf(
  { series }: SeriesAnswer,
  word: string,
  { totals, isLocal }: PanelSource,
): SeriesEntry[] {
  // Trackers overlap, so traffic outside all trackers is not their rest.
  if (word === 'tracker') return series.filter(({ key }) => key?.['other'] !== true)
  if (word !== 'host') return series
  // Local hosts only: a list of hosts also has the remote end of each flow.
  const own = series.filter((entry) => isLocal(keyId(entry)))
  if (own.length === 0) return series
  return totals ? [...own, restOf(own, totals)] : own
}

/** How many of our hosts each flow of a direction passes. */
const ownEnds: Record<string, number> = { in: 1, out: 1, internal: 2 }

/** What our other hosts received and sent. */
function restOf(own: readonly SeriesEntry[], { time, series }: SeriesAnswer): SeriesEntry {
  const parts = series.map(({ key, values }) => ({
    values,
    ends: ownEnds[String(key?.['direction'])] ?? 0,
  }))
  const whole = time.map((_, i) =>
    sumOfKnown(
      parts.map(({ values, ends }) => {
        const value = values[i] ?? null
        return value === null ? null : value * ends
      }),
    ),
  )
  const values = [...remainder(whole, own)]
  const summary = { average: null, maximum: null, minimum: null, last: null, p95: null, total: 0 }
  return { key: { other: true }, label: 'other', values, summary }
}

/** A series without a direction is drawn above the axis; its label is as the API would write it. */
function received(entry: SeriesEntry): SeriesEntry {
  const key: Key = { ...entry.key, direction: 'in' }
  return { ...entry, key, label: `${entry.label} in` }
}
