/** The one figure that a series stands for. */
import type { SeriesAnswer } from '../../api/schema.ts'
import type { Panel } from '../../api/schema-state.ts'

type NumberPanel = Extract<Panel, { kind: 'number' }>

/** Sums of several series add up; of their extremes the greatest and the least are told. */
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
