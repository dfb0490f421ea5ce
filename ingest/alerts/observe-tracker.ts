/**
 * Values of trackers in closed intervals. A single collector has them in memory right after the
 * interval; with several, they are read from the merged series once all have written theirs.
 */
import { wasAway } from '../../flow/incident/incident.ts'
import { intervalMs } from '../../flow/interval.ts'
import type { KeptTracker } from '../../store/tracker.ts'
import { pathTo, Unwatchable, type Observation, type Sources } from './observe.ts'
import type { MissingExporters } from './missing.ts'
import type { SeenSum, SeenSums } from './seen-sums.ts'
import {
  lostFactor,
  measures,
  nothing,
  readValues,
  type LostShareOf,
  type TrackerSubject,
} from './stored-values.ts'

/**
 * An exporter silent for longer than this at the end of an interval may have stopped: a low value
 * is then unknown until it is received again.
 */
const heardWithinMs = 90_000

interface TrackerQuestion {
  sources: Sources
  /** How many intervals, and how many earlier values for each. */
  back: number
  earlier: number
  seen: SeenSums
  missing: MissingExporters
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
    earlier === 0 ? [] : await valuesBefore(subject, first, { ...question, count: earlier })
  const { scale, unit } = measures[subject.measure]
  return Array.from({ length: back }, (_, at) => {
    const from = first + at * intervalMs
    const to = from + intervalMs
    const isFollowed = spans.some((span) => from >= span.from && (span.to ?? Infinity) > from)
    const seen = isFollowed ? values(from) : null
    const value = seen === null ? null : seen.sum * scale
    const isPart = seen?.isPart ?? false
    const own = [...before]
    if (value !== null && !isPart) before.push(value)
    return {
      key: '',
      about: [name, subject.direction].filter(Boolean).join(' '),
      value,
      isPart,
      ...(seen && seen.withLost > seen.sum ? { withLost: seen.withLost * scale } : {}),
      unit,
      earlier: own,
      from,
      to,
      path: pathTo(from, to, { filter: spans.at(-1)?.filter ?? '' }),
    }
  })
}

/** The sum of an interval; null if unknown. */
type Values = (interval: number) => SeenSum | null

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

/**
 * Of the exporters of which an interval is known, those that were not away in a part of it, and did
 * not lose all flows.
 */
function wholeOf(
  { cluster, coverage }: Sources,
  knownIn: (interval: number) => readonly string[],
  shareOf: LostShareOf,
): (interval: number) => readonly string[] {
  const breaks = cluster ? [] : coverage.breaks.list().filter((each) => wasAway(each))
  return (interval) => {
    const cut = breaks.filter(({ from, to }) => from < interval + intervalMs && to > interval)
    return knownIn(interval).filter(
      (each) => shareOf(each, interval) < 1 && !cut.some(({ exporter }) => exporter === each),
    )
  }
}

/** The starts of the intervals of a range. */
function intervalsIn({ first, last }: Range): number[] {
  return Array.from({ length: (last - first) / intervalMs + 1 }, (_, i) => first + i * intervalMs)
}

async function valuesHere(
  subject: TrackerSubject,
  question: TrackerQuestion & Range,
): Promise<Values> {
  const { tracker, measure, direction } = subject
  const { sources, seen, missing, first } = question
  const { followed, buckets, coverage, series } = sources
  const number = followed.numberOf(tracker)
  const sums = seen.of(subject, first)
  const gone = await sumsGone(subject, { ...question, kept: sums })
  const isHeard = heard(sources)
  const knownIn = (interval: number) =>
    coverage
      .exportersIn(interval)
      .filter((each) => coverage.of(each, interval)?.known === 1 && isHeard(each, interval))
  const intervals = intervalsIn(question).filter((each) => buckets.isHeld(each))
  const shareOf: LostShareOf = (exporter, interval) => coverage.lostShare(exporter, interval)
  const wholeIn = wholeOf(sources, knownIn, shareOf)
  const parts = await missing.in({ tracker, sources, series, intervals, wholeIn })
  return (interval) => {
    if (!buckets.isHeld(interval)) return gone.get(interval) ?? null
    const sumOf = (factorOf?: (exporter: string) => number) => {
      const held = number === undefined ? null : buckets.trackerSums(interval, number, factorOf)
      return held?.[measures[measure].field][direction ?? 'all'] ?? 0
    }
    const isLossy = knownIn(interval).some((each) => shareOf(each, interval) > 0)
    const sum = sumOf()
    const withLost = isLossy ? sumOf((each) => lostFactor(shareOf(each, interval))) : sum
    const value =
      knownIn(interval).length > 0 ? { sum, withLost, isPart: parts.has(interval) } : null
    sums.set(interval, value)
    return value
  }
}

/** The sums of intervals whose totals were dropped: as last seen, else as stored. */
async function sumsGone(
  subject: TrackerSubject,
  {
    sources,
    missing,
    kept,
    ...range
  }: TrackerQuestion & Range & { kept: Map<number, SeenSum | null> },
): Promise<ReadonlyMap<number, SeenSum | null>> {
  const gone = new Map(kept)
  const { series, buckets, coverage } = sources
  const unseen = intervalsIn(range).filter((each) => !buckets.isHeld(each) && !kept.has(each))
  if (unseen.length === 0) return gone
  const time = { from: unseen[0]!, to: unseen.at(-1)! + intervalMs }
  // While a store is away, intervals before the start are unknown; later ones are still judged.
  const lostShares: LostShareOf = (exporter, interval) => coverage.lostShare(exporter, interval)
  const stored = await readValues(subject, { sources, ...time, lostShares }).catch(() => null)
  if (stored === null) return gone
  const wholeIn = wholeOf(sources, (interval) => stored.known.get(interval) ?? [], lostShares)
  const { tracker } = subject
  const parts = await missing.in({ tracker, sources, series, intervals: unseen, wholeIn })
  for (const interval of unseen) {
    // The interval of the start itself is rebuilt, and then complete.
    if (stored.open.has(interval)) continue
    const sums = stored.sums.get(interval) ?? nothing
    const value = stored.known.has(interval) ? { ...sums, isPart: parts.has(interval) } : null
    gone.set(interval, value)
    if (interval < range.last) kept.set(interval, value)
  }
  return gone
}

/** An interval that another collector has not written yet is a part. */
async function valuesOfAll(
  subject: TrackerSubject,
  question: TrackerQuestion & Range,
): Promise<Values> {
  const { sources, missing, first, last } = question
  const { tracker } = subject
  const { series, writtenUntil } = sources.cluster!
  const written = writtenUntil()
  const { sums, known, shareOf } = await readValues(subject, {
    sources: { ...sources, series },
    from: first,
    to: last + intervalMs,
  })
  const isHeard = heard(sources)
  const knownIn = (interval: number) =>
    known.get(interval)?.filter((each) => isHeard(each, interval)) ?? []
  const intervals = intervalsIn(question)
  const wholeIn = wholeOf(sources, knownIn, shareOf)
  const parts = await missing.in({ tracker, sources, series, intervals, wholeIn })
  return (interval) => {
    if (knownIn(interval).length === 0) return null
    const isPart = written < interval + intervalMs || parts.has(interval)
    return { ...(sums.get(interval) ?? nothing), isPart }
  }
}

/** The known values before a time that are whole. */
async function valuesBefore(
  subject: TrackerSubject,
  to: number,
  { sources, missing, count }: TrackerQuestion & { count: number },
): Promise<number[]> {
  const series = sources.cluster?.series ?? sources.series
  const from = to - count * intervalMs
  const { sums, known, shareOf } = await readValues(subject, {
    sources: { ...sources, series },
    from,
    to,
  })
  const { tracker } = subject
  const intervals = [...known.keys()].sort((a, b) => a - b)
  const wholeIn = wholeOf(sources, (interval) => known.get(interval) ?? [], shareOf)
  const parts = await missing.in({ tracker, sources, series, intervals, wholeIn })
  const { scale } = measures[subject.measure]
  return intervals
    .filter((each) => !parts.has(each))
    .map((each) => (sums.get(each)?.sum ?? 0) * scale)
}
