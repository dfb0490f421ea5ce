/** The single figure for a series. */
import { knownUntil } from '../chart/unknown.ts'
import { intervalSeconds } from '../../flow/interval.ts'
import type { SeriesAnswer } from '../../api/schema/schema.ts'
import type { Panel } from '../../api/schema/state.ts'

type NumberPanel = Extract<Panel, { kind: 'number' }>

/** A figure, and until when the newest step that counts in it is known. */
export interface Figure {
  value: number
  /** Unix seconds. */
  end: number
}

type Answered = Pick<SeriesAnswer, 'series' | 'time' | 'step' | 'open' | 'unknown' | 'unknownOf'>

/**
 * The figure of an answer; null if nothing is known. Sums of several series add up, those of the
 * last step only where they are known in the same one; of their extremes the greatest and the least
 * are shown.
 */
export function figureOf(
  answer: Answered,
  { statistic, direction }: Pick<NumberPanel, 'statistic' | 'direction'>,
): Figure | null {
  const counted = answer.series
    .filter(({ key }) => direction === undefined || key?.['direction'] === direction)
    // Of a time of which nothing is known, the sum of what came in is 0, which says nothing.
    .filter(({ values, summary }) => summary.total > 0 || values.some((value) => value !== null))
    .map(({ values, summary }) => ({ last: lastOf(values, answer), value: summary[statistic] }))
    .filter((each): each is { last: number; value: number } => each.value !== null)
  if (counted.length === 0) return null
  const newest = Math.max(...counted.map(({ last }) => last))
  const end = knownUntil(answer, newest)
  const isLast = statistic === 'last'
  const values = counted.filter(({ last }) => !isLast || last === newest).map(({ value }) => value)
  if (statistic === 'minimum') return { value: Math.min(...values), end }
  if (statistic === 'maximum' || statistic === 'p95') return { value: Math.max(...values), end }
  return { value: values.reduce((sum, value) => sum + value, 0), end }
}

/** The newest known step, an open one only if no other is known; −1 if none is. */
function lastOf(
  values: SeriesAnswer['series'][number]['values'],
  { time, open }: Answered,
): number {
  const isKnown = (i: number) => (values[i] ?? null) !== null
  const closed = time.findLastIndex((t, i) => isKnown(i) && t < (open?.[0] ?? Infinity))
  return closed >= 0 ? closed : time.findLastIndex((_, i) => isKnown(i))
}

/** An interval is written within this many seconds after its end. */
const writtenSeconds = 120

/**
 * Whether a step that ended at a time (unix seconds) is the newest possible: the next one is not
 * over and written yet.
 */
export function isNewest(end: number, step: number, now: number): boolean {
  return now - end < Math.max(step, intervalSeconds) + writtenSeconds
}

/**
 * The current value of each of several series: its mean over the last five minutes of which any is known,
 * without the open interval, most of whose flows have not been reported yet; null if it is unknown
 * there. With their end, in unix seconds; null if nothing is known.
 */
export function recentOf(
  series: readonly (readonly (number | null)[])[],
  answer: Pick<SeriesAnswer, 'time' | 'step' | 'open' | 'unknown' | 'unknownOf'>,
): { values: (number | null)[]; end: number } | null {
  const until = answer.open?.[0] ?? Number.POSITIVE_INFINITY
  const known = answer.time.flatMap((t, i) =>
    series.some((values) => (values[i] ?? null) !== null) ? [{ t, i }] : [],
  )
  const closed = known.filter(({ t }) => t < until)
  const counted = closed.length > 0 ? closed : known
  const newest = counted.at(-1)
  if (!newest) return null
  const recent = counted.filter(({ t }) => t > newest.t - intervalSeconds)
  const meanOf = (values: readonly (number | null)[]) => {
    const own = recent.flatMap(({ i }) => values[i] ?? [])
    return own.length === 0 ? null : own.reduce((sum, value) => sum + value, 0) / own.length
  }
  return { values: series.map(meanOf), end: knownUntil(answer, newest.i) }
}
