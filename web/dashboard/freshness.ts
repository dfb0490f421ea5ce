/** Age of the newest data that any panel shows. */
import { signal } from '@preact/signals'

import type { SeriesAnswer } from '../../api/schema/schema.ts'
import { knownRanges, knownUntil } from '../chart/unknown.ts'
import { clockNow } from '../state/clock.ts'
import { firstPointDue } from '../state/first-point.ts'

/**
 * Newest moment for which a panel shows data, unix seconds: null if none has any, undefined until a
 * chart or figure has its answer.
 */
export const newestShown = signal<number | null | undefined>(undefined)

/** When the first point is due, unix seconds; null unless traffic has come in that is not shown yet. */
export const firstDue = signal<number | null>(null)

/** The end of what is known of the last step that is drawn, or else of what is known: of a step, that may be too little to draw. */
function newestOf(answer: SeriesAnswer): number | null {
  const { open, series, time, to } = answer
  if (open) return open[1]
  const last = time.findLastIndex((_, i) =>
    series.some(({ values }) => (values[i] ?? null) !== null),
  )
  if (last >= 0) return Math.min(to, knownUntil(answer, last))
  return knownRanges(answer, clockNow() / 1000).at(-1)?.[1] ?? null
}

/** Takes the end of the data from a series answer. */
export function takeNewest(answer: SeriesAnswer): void {
  const { series, asked } = answer
  const newest = newestOf(answer)
  if (newest === null) newestShown.value ??= null
  else if (newest > (newestShown.value ?? 0)) newestShown.value = newest
  // Kept as first computed: later answers would move it.
  if (newest === null && series.some(({ summary }) => summary.total > 0))
    firstDue.value ??= firstPointDue(asked.to)
}
