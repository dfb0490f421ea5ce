/**
 * Trackers as they are kept: a filter followed for ever, as the measurement `tracker`. Which filter
 * is followed when stands in spans, so that the series of an interval stays a pure function of the
 * archive and of these.
 */
import { intervalMs, intervalStart } from '../flow/interval.ts'

/** One filter, followed in the intervals that begin in [from, to); unix ms, to null while it lasts. */
export interface TrackerSpan {
  /** As it was typed. */
  filter: string
  /** The same without names, which may come to mean something else. */
  canonical: string
  from: number
  to: number | null
}

export interface KeptTracker {
  name: string
  group: string | null
  side: 'above' | 'below'
  author: string
  /** Oldest first; they do not overlap. The last one has an end when the tracker is archived. */
  spans: TrackerSpan[]
}

/** Spans of one tracker: a revision beyond forgets the oldest. */
export const spansMax = 20

/** Whether a tracker is still followed. */
export function isRunning({ spans }: Pick<KeptTracker, 'spans'>): boolean {
  return spans.at(-1)?.to === null
}

/** A new filter: from `from` on it alone, or, where that is null, from the next interval on. */
export function withFilter(
  spans: readonly TrackerSpan[],
  { filter, canonical }: Pick<TrackerSpan, 'filter' | 'canonical'>,
  { from, now }: { from: number | null; now: number },
): TrackerSpan[] {
  if (from !== null) return [{ filter, canonical, from: intervalStart(from), to: null }]
  const next = intervalStart(now) + intervalMs
  return [...ended(spans, next), { filter, canonical, from: next, to: null }].slice(-spansMax)
}

/** The spans of a tracker that ends with the interval that is open now. */
export function ended(spans: readonly TrackerSpan[], at: number): TrackerSpan[] {
  return spans
    .filter(({ from }) => from < at)
    .map((span) => ({ ...span, to: span.to === null ? at : Math.min(span.to, at) }))
}

/** The spans of an archived tracker that goes on with its last filter, from the open interval on. */
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

/** The time in which two lists of spans say something else; null where there is none before `until`. */
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
