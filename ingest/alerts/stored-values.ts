/** Values of trackers as stored. */
import type { AlertSubject } from '../../store/alert.ts'
import type { SeriesKey, SeriesReader } from '../../store/series.ts'
import { intervalMs } from '../../flow/interval.ts'
import type { Sources } from './observe.ts'

export type TrackerSubject = Extract<AlertSubject, { kind: 'tracker' }>

/** Converts a sum over an interval to a rate: bytes to bits per second, flow-milliseconds to flows. */
export const measures = {
  bits: { field: 'bytes', scale: 8000 / intervalMs, unit: 'bit/s' },
  packets: { field: 'packets', scale: 1000 / intervalMs, unit: 'packets/s' },
  flows: { field: 'flows', scale: 1000 / intervalMs, unit: 'flows/s' },
  active: { field: 'active', scale: 1 / intervalMs, unit: 'flows at a time' },
} as const
interface Stored {
  /** By interval. */
  sums: Map<number, number>
  /** The exporters with known data in an interval. */
  known: Map<number, string[]>
  /** Intervals that were not over when they were stored. */
  open: Set<number>
}

/** The stored values of a tracker in a range. */
export async function readValues(
  { tracker, direction, measure }: TrackerSubject,
  {
    sources: { tier, series },
    from,
    to,
  }: {
    sources: { tier: Sources['tier']; series: Pick<SeriesReader, 'read' | 'coverage'> }
    from: number
    to: number
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
  for (const { time, exporter, known: isKnown, openUntil } of await series.coverage(range)) {
    if (isKnown === 1) known.set(time, [...(known.get(time) ?? []), exporter])
    if (openUntil !== undefined) open.add(time)
  }
  const sums = new Map<number, number>()
  for (let row = 0; row < rows.count; row++) {
    const time = rows.time[row]!
    if (rows.key[row] === 0) sums.set(time, (sums.get(time) ?? 0) + rows.sum[field][row]!)
  }
  return { sums, known, open }
}
