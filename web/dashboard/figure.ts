/** The single figure for a series. */
import { intervalSeconds } from '../../flow/interval.ts'
import type { SeriesAnswer } from '../../api/schema/schema.ts'
import type { Panel } from '../../api/schema/state.ts'

type NumberPanel = Extract<Panel, { kind: 'number' }>

/** Sums of several series add up; of their extremes the greatest and the least are shown. */
export function valueOf(
  { series }: Pick<SeriesAnswer, 'series'>,
  { statistic, direction }: Pick<NumberPanel, 'statistic' | 'direction'>,
): number | null {
  const values = series
    .filter(({ key }) => direction === undefined || key?.['direction'] === direction)
    .map(({ summary }) => summary[statistic])
    .filter((value): value is number => value !== null)
  if (values.length === 0) return null
  if (statistic === 'minimum') return Math.min(...values)
  if (statistic === 'maximum' || statistic === 'p95') return Math.max(...values)
  return values.reduce((sum, value) => sum + value, 0)
}

/** The end of a figure's newest known step, unix seconds; null if none is known. */
export function newestOf(
  { series, time, step }: Pick<SeriesAnswer, 'series' | 'time' | 'step'>,
  { direction }: Pick<NumberPanel, 'direction'>,
): number | null {
  const counted = series.filter(
    ({ key }) => direction === undefined || key?.['direction'] === direction,
  )
  const start = time.findLast((_, i) => counted.some(({ values }) => (values[i] ?? null) !== null))
  return start === undefined ? null : start + step
}

/** An interval is written within this many seconds after its end. */
const writtenSeconds = 120

/** Whether a step that ended at a time (unix seconds) is the newest possible: the next one is not over and written yet. */
export function isNewest(end: number, step: number, now: number): boolean {
  return now - end < Math.max(step, intervalSeconds) + writtenSeconds
}

/**
 * The current value of a series: its mean over the last five known minutes, without the open
 * interval, most of whose flows have not been reported yet; null if nothing is known.
 */
export function recentOf(
  values: readonly (number | null)[],
  { time, open }: Pick<SeriesAnswer, 'time' | 'open'>,
): number | null {
  const until = open?.[0] ?? Number.POSITIVE_INFINITY
  const known = time.flatMap((t, i) => {
    const value = values[i] ?? null
    return value === null ? [] : [{ t, value }]
  })
  const closed = known.filter(({ t }) => t < until)
  const counted = closed.length > 0 ? closed : known
  const newest = counted.at(-1)
  if (!newest) return null
  const recent = counted.filter(({ t }) => t > newest.t - intervalSeconds)
  return recent.reduce((sum, { value }) => sum + value, 0) / recent.length
}
