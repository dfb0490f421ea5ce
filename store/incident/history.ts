/** Usual traffic for an hour of a weekday, from the 5-minute series of earlier weeks and days. */
import { intervalMs, intervalStart, type Tier } from '../../flow/interval.ts'
import { moved } from '../../flow/time-grammar.ts'
import type { SeriesKey, SeriesRead, SeriesStore } from '../series.ts'

export type HistoryStore = Pick<SeriesStore, 'read' | 'coverage' | 'extent' | 'top'>

const hourMs = 3_600_000
/** The days compared: the same weekday of four weeks, and the six days before. */
const weekdayShifts = [7, 14, 21, 28]
const dayShifts = [1, 2, 3, 4, 5, 6]
/** Daily events do not come at the same minute each day. */
const jitterMs = hourMs / 2
/** The least number of known earlier times; with fewer, the next method is used. */
const knownMin = 2

interface HistoryQuery {
  series: HistoryStore
  /** The 5-minute tier. */
  tier: Tier
  exporter: string
  /** Start of the event, unix ms. */
  from: number
  to: number
  /** IANA time zone whose clock daily habits and scheduled jobs follow. */
  zone: string
}

/** Traffic at the same time of day `days` before, or (0) in the hour before. */
interface Earlier {
  days: number
  /** Bytes of a span as long as the event, by key. */
  bytes: number[]
  flows: number[]
  /** The greatest 5-minute bytes within half an hour around it, by key. */
  most: number[]
}

interface Usual {
  /** In words: the basis of comparison. */
  basis: string
  /** Bytes and flows of a span as long as the event, by key: the median of the earlier times. */
  bytes: number[]
  flows: number[]
  /** Taken from earlier days, not from the hour before. */
  isEarlier: boolean
  /** The number of earlier times at which the 5-minute bytes reached a value, by key. */
  reached: (key: number, bytes: number) => number
}

/** The usual traffic of keys of a measurement, or null if nothing earlier is known. */
export async function usualOf(query: HistoryQuery, stored: StoredKeys): Promise<Usual | null> {
  const extent = await query.series.extent(query.tier)
  if (!extent) return null
  const reach = (days: number) => daysBefore(query, days).from - jitterMs >= extent.from
  const shifts = [...weekdayShifts, ...dayShifts].filter((days) => reach(days))
  const all = await Promise.all(shifts.map((days) => earlierTime(query, stored, days)))
  const known = all.filter((each) => each !== null)
  const weeks = known.filter(({ days }) => weekdayShifts.includes(days))
  const reached = (key: number, bytes: number) =>
    known.filter(({ most }) => most[key]! >= bytes).length
  if (weeks.length >= knownMin)
    return {
      ...middleOf(weeks),
      reached,
      isEarlier: true,
      basis: `the same hour of ${weeks.length} earlier weeks`,
    }
  if (known.length >= knownMin)
    return {
      ...middleOf(known),
      reached,
      isEarlier: true,
      basis: `the same hour of ${known.length} earlier days`,
    }
  const before = await hourBefore(query, stored)
  return before && { ...middleOf([before]), reached, isEarlier: false, basis: 'the hour before' }
}

function middleOf(times: readonly Earlier[]): { bytes: number[]; flows: number[] } {
  const middle = (pick: (each: Earlier) => number[]) =>
    times[0] ? pick(times[0]).map((_, key) => median(times.map((each) => pick(each)[key]!))) : []
  return { bytes: middle((each) => each.bytes), flows: middle((each) => each.flows) }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)]!
}

interface StoredKeys {
  measurement: 'host' | 'total'
  keys: readonly SeriesKey[]
}

async function earlierTime(
  query: HistoryQuery,
  stored: StoredKeys,
  days: number,
): Promise<Earlier | null> {
  const { from, to } = daysBefore(query, days)
  const wide = alignedRange(query, from - jitterMs, to + jitterMs)
  const near = alignedRange(query, from, to)
  const coverage = await query.series.coverage({ ...wide })
  const isIn = (time: number) => time >= near.from && time < near.to
  const known = coverage.filter(({ time, known: isKnown }) => isIn(time) && isKnown > 0).length
  if (known * intervalMs * 2 < near.to - near.from) return null
  const rows = await read(query, wide, stored)
  const scale = (to - from) / (near.to - near.from)
  return { days, ...sumsOf(rows, stored.keys.length, { isIn, scale }) }
}

/** The event's span moved back by some days: same length and same time of day, even across a clock change. */
function daysBefore({ from, to, zone }: HistoryQuery, days: number): { from: number; to: number } {
  const before = moved(from, -days, { unit: 'd', zone })
  return { from: before, to: before + (to - from) }
}

/** The hour up to the interval in which the event begins: the only history on the first day. */
async function hourBefore(query: HistoryQuery, stored: StoredKeys): Promise<Earlier | null> {
  const to = intervalStart(query.from)
  const range = alignedRange(query, to - hourMs, to)
  const coverage = await query.series.coverage({ ...range })
  const known = coverage.filter((each) => each.known > 0).length
  if (known < knownMin) return null
  const rows = await read(query, range, stored)
  const scale = (query.to - query.from) / (known * intervalMs)
  return { days: 0, ...sumsOf(rows, stored.keys.length, { isIn: () => true, scale }) }
}

function alignedRange({ tier, exporter }: HistoryQuery, from: number, to: number) {
  return {
    tier,
    exporters: [exporter],
    from: intervalStart(from),
    to: intervalStart(to - 1) + intervalMs,
  }
}

function read(
  { series }: HistoryQuery,
  range: ReturnType<typeof alignedRange>,
  { measurement, keys }: StoredKeys,
): Promise<SeriesRead> {
  const by = measurement === 'host' ? (['host', 'direction'] as const) : (['direction'] as const)
  const fields = ['bytes', 'flows'] as const
  return series.read({ ...range, measurement, by, keys, rest: false, fields, sumsOnly: true })
}

function sumsOf(
  rows: SeriesRead,
  keys: number,
  { isIn, scale }: { isIn: (time: number) => boolean; scale: number },
): { bytes: number[]; flows: number[]; most: number[] } {
  const zeros = () => Array.from({ length: keys }, () => 0)
  const sums = { bytes: zeros(), flows: zeros(), most: zeros() }
  for (let i = 0; i < rows.count; i++) {
    const key = rows.key[i]!
    if (key >= keys) continue
    sums.most[key] = Math.max(sums.most[key]!, rows.sum.bytes[i]!)
    if (!isIn(rows.time[i]!)) continue
    sums.bytes[key]! += rows.sum.bytes[i]! * scale
    sums.flows[key]! += rows.sum.flows[i]! * scale
  }
  return sums
}
