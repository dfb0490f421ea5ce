/**
 * Trackers as stored: a filter followed permanently, as the measurement `tracker`. Spans record
 * which filter was followed when, so that the series of an interval stays a pure function of the
 * archive and the spans.
 */
import { intervalMs, intervalStart } from '../flow/interval.ts'

/**
 * One filter, followed in the intervals that begin in [from, to); unix ms, `to` is null while it
 * lasts.
 */
export interface TrackerSpan {
  /** As typed. */
  filter: string
  /** The same without names, whose meaning may change. */
  canonical: string
  from: number
  to: number | null
}

export interface KeptTracker {
  name: string
  group: string | null
  side: 'above' | 'below'
  author: string
  /** Oldest first, without overlaps. The last one has an end if the tracker is archived. */
  spans: TrackerSpan[]
}

/** Spans of one tracker: beyond that, a revision drops the oldest. */
const spansMax = 20

/** Whether a tracker is active. */
export function isRunning({ spans }: Pick<KeptTracker, 'spans'>): boolean {
  return spans.at(-1)?.to === null
}

/** Spans with a new filter: as the only one, from `from` on; or, if that is null, from the next interval on. */
export function withFilter(
  spans: readonly TrackerSpan[],
  { filter, canonical }: Pick<TrackerSpan, 'filter' | 'canonical'>,
  { from, now }: { from: number | null; now: number },
): TrackerSpan[] {
  if (from !== null) return [{ filter, canonical, from: intervalStart(from), to: null }]
  const next = intervalStart(now) + intervalMs
  return [...ended(spans, next), { filter, canonical, from: next, to: null }].slice(-spansMax)
}

/** The spans of a tracker that ends at `at`, unix ms. */
export function ended(spans: readonly TrackerSpan[], at: number): TrackerSpan[] {
  return spans
    .filter(({ from }) => from < at)
    .map((span) => ({ ...span, to: span.to === null ? at : Math.min(span.to, at) }))
}

/**
 * The spans of an archived tracker that resumes with its last filter, from the current interval on.
 */
export function restarted(spans: readonly TrackerSpan[], now: number): TrackerSpan[] {
  const last = spans.at(-1)
  if (!last) return []
  const from = intervalStart(now)
  if (last.to !== null && last.to >= from) return [...spans.slice(0, -1), { ...last, to: null }]
  return [...spans, { ...last, from, to: null }].slice(-spansMax)
}

/** A range of time, [from, to), unix ms. */
export interface Range {
  from: number
  to: number
}

/** The time range in which two lists of spans differ; null if there is none before `until`. */
export function changedRange(
  before: readonly TrackerSpan[],
  after: readonly TrackerSpan[],
  until: number,
): Range | null {
  const edges = [...before, ...after].flatMap(({ from, to }) => [from, to ?? until])
  const sorted = [...new Set(edges)].filter((edge) => edge < until).sort((a, b) => a - b)
  const differs = (at: number) => filterAt(before, at) !== filterAt(after, at)
  const from = sorted.find(differs)
  const last = sorted.findLastIndex(differs)
  if (from === undefined) return null
  return { from, to: sorted[last + 1] ?? until }
}

function filterAt(spans: readonly TrackerSpan[], at: number): string | null {
  const span = spans.find(({ from, to }) => at >= from && (to === null || at < to))
  return span?.canonical ?? null
}
