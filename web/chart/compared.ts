/** What the chart is compared with: under the same hours, and in words. */
import type { SeriesAnswer } from '../../api/schema/schema.ts'
import type { Comparison } from '../state/address.ts'
import { isKnown, type Layers } from './layers.ts'

export const comparisonTexts: Record<Comparison, string> = {
  none: 'compare with …',
  '1d': 'the day before',
  '7d': 'the week before',
  '28d': 'four weeks before',
  '364d': 'a year before',
}

/** What the dashed line shows, or why there is none to draw; empty if nothing is compared. */
export function comparedText(
  comparison: Comparison,
  { compared, comparedIsBound }: Pick<Layers, 'compared' | 'comparedIsBound'>,
  fault: Error | null = null,
): string {
  const text = comparisonTexts[comparison]
  if (fault) return `${text} cannot be drawn: ${fault.message.replace(/\.$/, '')}`
  if (comparison === 'none' || !compared) return ''
  if (!isKnown(compared)) return `nothing is known of ${text}`
  return `dashed: ${text}${comparedIsBound ? ' (at least: not all exporters are known)' : ''}`
}

/**
 * An earlier answer with as many steps as a chart: under each step what was at the same time by the
 * clock, `before` (unix seconds). After a change of the clock, this is an hour off by length.
 */
export function byClock(
  { time, step }: Pick<SeriesAnswer, 'time' | 'step'>,
  earlier: SeriesAnswer,
  before: (t: number) => number,
): SeriesAnswer {
  const places = time.map((t) => Math.round((before(t) - (earlier.time[0] ?? 0)) / step))
  const laid = (values: SeriesAnswer['series'][number]['values']) =>
    places.map((place) => values[place] ?? null)
  return {
    ...earlier,
    time: time.map(before),
    series: earlier.series.map((entry) => ({ ...entry, values: laid(entry.values) })),
  }
}
