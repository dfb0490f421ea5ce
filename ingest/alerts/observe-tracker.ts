/**
 * Values of trackers in closed intervals. A single collector has them in memory right after the
 * interval; with several, they are read from the merged series once all have written theirs.
 */
import { intervalMs } from '../../flow/interval.ts'
import type { AlertSubject } from '../../store/alert.ts'
import type { SeriesKey, SeriesReader } from '../../store/series.ts'
import type { KeptTracker } from '../../store/tracker.ts'
import { pathTo, Unwatchable, type Observation, type Sources } from './observe.ts'
import type { SeenSums } from './seen-sums.ts'

type TrackerSubject = Extract<AlertSubject, { kind: 'tracker' }>

/** Converts a sum over an interval to a rate: bytes to bits per second, flow-milliseconds to flows. */
const measures = {
  bits: { field: 'bytes', scale: 8000 / intervalMs, unit: 'bit/s' },
  packets: { field: 'packets', scale: 1000 / intervalMs, unit: 'packets/s' },
  flows: { field: 'flows', scale: 1000 / intervalMs, unit: 'flows/s' },
  active: { field: 'active', scale: 1 / intervalMs, unit: 'flows at a time' },
} as const
/**
 * An exporter silent for longer than this at the end of an interval may have stopped: a low value
 * is then unknown until it is received again.
 */
const heardWithinMs = 90_000

export interface TrackerQuestion {
  sources: Sources
  /** How many intervals, and how many earlier values for each. */
  back: number
  earlier: number
  /** Whether the value must be complete, because partial traffic is meaningless. */
  isWhole: boolean
  seen: SeenSums
}

/** A tracker's values in the last `back` intervals up to one, oldest first, as of now. */
export async function observeTracker(
  subject: TrackerSubject,
  last: number,
  question: TrackerQuestion,
): Promise<Observation[]> {
  const { sources, back, earlier } = question
  const { state, followed } = sources
  const tracker = await state.get<KeptTracker>('trackers', subject.tracker)
  if (!tracker) throw new Unwatchable(`there is no tracker "${subject.tracker}" any more`)
  const problem = followed.problems.get(subject.tracker)
  if (problem !== undefined) throw new Unwatchable(`its filter cannot be read: ${problem}`)
  const { name, spans } = tracker.body
  const first = last - (back - 1) * intervalMs
  const values = sources.cluster
    ? await valuesOfAll(subject, { ...question, first, last })
    : await valuesHere(subject, { ...question, first, last })
  const before =
    earlier === 0 ? [] : await valuesBefore(subject, first, { sources, count: earlier })
  const { scale, unit } = measures[subject.measure]
  return Array.from({ length: back }, (_, at) => {
    const from = first + at * intervalMs
    const to = from + intervalMs
    const isFollowed = spans.some((span) => from >= span.from && (span.to ?? Infinity) > from)
    const sum = isFollowed ? values(from) : null
    const value = sum === null ? null : sum * scale
    const own = [...before]
    if (value !== null) before.push(value)
    return {
      key: '',
      about: [name, subject.direction].filter(Boolean).join(' '),
      value,
      unit,
      earlier: own,
      from,
      to,
      path: pathTo(from, to, { filter: spans.at(-1)?.filter ?? '' }),
    }
  })
}

/** The sum of an interval; null if unknown. */
type Values = (interval: number) => number | null

/** Whether an exporter was received until about an interval's end. */
function heard({ exporters }: Sources): (exporter: string, interval: number) => boolean {
  const at = new Map(
    exporters().map(({ address, lastSeen, age = 0 }) => [address, (lastSeen + age) * 1000]),
  )
  return (exporter, interval) => (at.get(exporter) ?? 0) >= interval + intervalMs - heardWithinMs
}

interface Range {
  first: number
  last: number
}

async function valuesHere(
  subject: TrackerSubject,
  { sources, seen, first, last }: TrackerQuestion & Range,
): Promise<Values> {
  const { tracker, measure, direction } = subject
  const { followed, buckets, coverage } = sources
  const number = followed.numberOf(tracker)
  const sums = seen.of(subject, first)
  const gone = await sumsGone(subject, { sources, seen: sums, first, last })
  const isHeard = heard(sources)
  return (interval) => {
    if (!buckets.isHeld(interval)) return gone.get(interval) ?? null
    const isKnown = coverage
      .exportersIn(interval)
      .some((each) => coverage.of(each, interval)?.known === 1 && isHeard(each, interval))
    const held = number === undefined ? null : buckets.trackerSums(interval, number)
    const sum = isKnown ? (held?.[measures[measure].field][direction ?? 'all'] ?? 0) : null
    sums.set(interval, sum)
    return sum
  }
}

/** The sums of intervals whose totals were dropped: as last seen, else as stored. */
async function sumsGone(
  subject: TrackerSubject,
  { sources, seen, first, last }: Range & { sources: Sources; seen: Map<number, number | null> },
): Promise<ReadonlyMap<number, number | null>> {
  const gone = new Map(seen)
  const unseen: number[] = []
  for (let interval = first; interval <= last; interval += intervalMs)
    if (!sources.buckets.isHeld(interval) && !seen.has(interval)) unseen.push(interval)
  if (unseen.length === 0) return gone
  const range = { from: unseen[0]!, to: unseen.at(-1)! + intervalMs }
  // While a store is away, intervals before the start are unknown; later ones are still judged.
  const stored = await readValues(subject, { sources, ...range }).catch(() => null)
  if (stored === null) return gone
  for (const interval of unseen) {
    // The interval of the start itself is rebuilt, and then complete.
    if (stored.open.has(interval)) continue
    const sum = stored.known.has(interval) ? (stored.sums.get(interval) ?? 0) : null
    gone.set(interval, sum)
    if (interval < last) seen.set(interval, sum)
  }
  return gone
}

/** A value already above a threshold stays so, whatever others still have to write. */
async function valuesOfAll(
  subject: TrackerSubject,
  { sources, first, last, isWhole }: TrackerQuestion & Range,
): Promise<Values> {
  const { series, writtenUntil } = sources.cluster!
  const written = isWhole ? writtenUntil() : Number.POSITIVE_INFINITY
  const { sums, known } = await readValues(subject, {
    sources: { ...sources, series },
    from: first,
    to: last + intervalMs,
  })
  const isHeard = heard(sources)
  return (interval) => {
    const isKnown = known.get(interval)?.some((each) => isHeard(each, interval)) ?? false
    return isKnown && written >= interval + intervalMs ? (sums.get(interval) ?? 0) : null
  }
}

async function valuesBefore(
  subject: TrackerSubject,
  to: number,
  { sources, count }: { sources: Sources; count: number },
): Promise<number[]> {
  const series = sources.cluster?.series ?? sources.series
  const from = to - count * intervalMs
  const { sums, known } = await readValues(subject, { sources: { ...sources, series }, from, to })
  const { scale } = measures[subject.measure]
  return [...known.keys()].sort((a, b) => a - b).map((time) => (sums.get(time) ?? 0) * scale)
}

interface Stored {
  /** By interval. */
  sums: Map<number, number>
  /** The exporters with known data in an interval. */
  known: Map<number, string[]>
  /** Intervals that were not over when they were stored. */
  open: Set<number>
}

/** The stored values of a tracker in a range. */
async function readValues(
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
