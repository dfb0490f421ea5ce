/** Age of the newest data that any panel shows. */
import { signal } from '@preact/signals'

import type { SeriesAnswer } from '../../api/schema/schema.ts'
import { firstPointDue } from '../state/first-point.ts'

/** Newest moment for which a panel shows data, unix seconds. */
export const newestShown = signal<number | null>(null)

/** When the first point is due, unix seconds; null unless traffic has come in that is not shown yet. */
export const firstDue = signal<number | null>(null)

/** Takes the end of the data from a series answer. */
export function takeNewest({ open, series, time, step, to, asked }: SeriesAnswer): void {
  let newest = open?.[1] ?? null
  for (let i = time.length - 1; newest === null && i >= 0; i--)
    if (series.some(({ values }) => (values[i] ?? null) !== null))
      newest = Math.min(to, time[i]! + step)
  if (newest !== null && newest > (newestShown.value ?? 0)) newestShown.value = newest
  // Kept as first computed: later answers would move it.
  if (newest === null && series.some(({ summary }) => summary.total > 0))
    firstDue.value ??= firstPointDue(asked.to)
}
