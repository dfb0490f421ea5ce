/** Age of the newest data that any panel shows. */
import { computed, signal } from '@preact/signals'

import type { SeriesAnswer } from '../../api/schema/schema.ts'
import { knownRanges, knownUntil } from '../chart/unknown.ts'
import { clockNow } from '../state/clock.ts'
import { firstPointDue } from '../state/first-point.ts'

/** By panel, the newest moment for which it shows data, unix seconds; null if it has an answer without data. */
const newestOfPanels = signal<ReadonlyMap<object, number | null>>(new Map())

/**
 * Newest moment for which any panel shows data, unix seconds: null if none has any, undefined until a
 * chart or figure has its answer.
 */
export const newestShown = computed(() => {
  const all = [...newestOfPanels.value.values()]
  if (all.length === 0) return undefined
  const known = all.filter((newest) => newest !== null)
  return known.length === 0 ? null : Math.max(...known)
})

/** Takes note of the newest moment that a panel shows; undefined once the panel is gone. */
export function setNewest(panel: object, newest: number | null | undefined): void {
  const next = new Map(newestOfPanels.peek())
  if (newest === undefined) next.delete(panel)
  else next.set(panel, newest)
  newestOfPanels.value = next
}

/** When the first point is due, unix seconds; null unless traffic has come in that is not shown yet. */
export const firstDue = signal<number | null>(null)

/**
 * The end of what is known of the last step that is drawn, or else of what is known: of a step,
 * that may be too little to draw.
 */
function newestOf(answer: SeriesAnswer): number | null {
  const { open, series, time, to } = answer
  if (open) return open[1]
  const last = time.findLastIndex((_, i) =>
    series.some(({ values }) => (values[i] ?? null) !== null),
  )
  if (last >= 0) return Math.min(to, knownUntil(answer, last))
  return knownRanges(answer, clockNow() / 1000).at(-1)?.[1] ?? null
}

/** Takes the end of the data that a panel shows from its answer. */
export function takeNewest(panel: object, answer: SeriesAnswer): void {
  const newest = newestOf(answer)
  setNewest(panel, newest)
  const isAwaited = newest === null && answer.series.some(({ summary }) => summary.total > 0)
  // Kept as first computed: later answers would move it.
  if (isAwaited) firstDue.value ??= firstPointDue(answer.asked.to)
  else if (newest !== null) firstDue.value = null
}
