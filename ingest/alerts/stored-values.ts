/** Values of trackers as stored. */
import type { AlertSubject } from '../../store/alert.ts'
import type { Coverage, SeriesKey, SeriesRange, SeriesReader } from '../../store/series.ts'
import { intervalMs } from '../../flow/interval.ts'
import type { Sources } from './observe.ts'
import type { SeenSum } from './seen-sums.ts'

export type TrackerSubject = Extract<AlertSubject, { kind: 'tracker' }>

/** Converts a sum over an interval to a rate: bytes to bits per second, flow-milliseconds to flows. */
export const measures = {
  bits: { field: 'bytes', scale: 8000 / intervalMs, unit: 'bit/s' },
  packets: { field: 'packets', scale: 1000 / intervalMs, unit: 'packets/s' },
  flows: { field: 'flows', scale: 1000 / intervalMs, unit: 'flows/s' },
  active: { field: 'active', scale: 1 / intervalMs, unit: 'flows at a time' },
} as const
interface Stored {
  /** By interval: the sums, and about what they were with the flows that were lost. */
  sums: Map<number, Pick<SeenSum, 'sum' | 'withLost'>>
  /** The exporters with known data in an interval. */
  known: Map<number, string[]>
  /** Intervals that were not over when they were stored. */
  open: Set<number>
  shareOf: LostShareOf
}

/** The share of an exporter's flows of an interval that was lost, 0 to 1. */
export type LostShareOf = (exporter: string, interval: number) => number

export const nothing = { sum: 0, withLost: 0 }

/**
 * How many times as much there was as was received. An exporter that lost all is missing, and no
 * estimate of it is made.
 */
export function lostFactor(share: number): number {
  return share < 1 ? 1 / (1 - share) : 1
}

/** The stored values of a tracker in a range. */
export async function readValues(
  { tracker, direction, measure }: TrackerSubject,
  {
    sources: { tier, series },
    from,
    to,
    lostShares,
  }: {
    sources: { tier: Sources['tier']; series: Pick<SeriesReader, 'read' | 'coverage'> }
    from: number
    to: number
    /** What each exporter lost in an interval; absent: as stored. */
    lostShares?: LostShareOf
  },
): Promise<Stored> {
  const { field } = measures[measure]
  const key: SeriesKey = direction === undefined ? { tracker } : { tracker, direction }
  const range = { tier, from, to }
  const rows = await series.read({
    ...range,
    measurement: 'tracker',
    by: direction === undefined ? ['tracker'] : ['tracker', 'direction'],
    keys: [key],
    rest: false,
    sumsOnly: true,
    fields: [field],
  })
  const known = new Map<number, string[]>()
  const open = new Set<number>()
  const coverage = await series.coverage(range)
  for (const { time, exporter, known: isKnown, openUntil } of coverage) {
    if (isKnown === 1) known.set(time, [...(known.get(time) ?? []), exporter])
    if (openUntil !== undefined) open.add(time)
  }
  const shareOf = lostShares ?? (await storedShares(series, range, coverage))
  const sums: Stored['sums'] = new Map()
  for (let row = 0; row < rows.count; row++) {
    if (rows.key[row] !== 0) continue
    const time = rows.time[row]!
    const added = rows.sum[field][row]!
    const { sum, withLost } = sums.get(time) ?? nothing
    const share = shareOf(rows.exporters[rows.exporter[row]!]!, time)
    sums.set(time, { sum: sum + added, withLost: withLost + added * lostFactor(share) })
  }
  return { sums, known, open, shareOf }
}

/** What stored shares say of losses. */
async function storedShares(
  series: Pick<SeriesReader, 'read'>,
  range: SeriesRange,
  coverage: readonly Coverage[],
): Promise<LostShareOf> {
  const lost = new Map<string, number>()
  for (const { exporter, time, lostFlows } of coverage)
    if (lostFlows > 0) lost.set(`${exporter} ${time}`, lostFlows)
  if (lost.size === 0) return () => 0
  const rows = await series.read({
    ...range,
    measurement: 'total',
    by: [],
    keys: [{}],
    rest: false,
    sumsOnly: true,
    fields: ['flows'],
  })
  const flows = new Map<string, number>()
  for (let row = 0; row < rows.count; row++)
    flows.set(`${rows.exporters[rows.exporter[row]!]} ${rows.time[row]}`, rows.sum.flows[row]!)
  return (exporter, time) => {
    const missing = lost.get(`${exporter} ${time}`) ?? 0
    return missing === 0 ? 0 : missing / (missing + (flows.get(`${exporter} ${time}`) ?? 0))
  }
}
