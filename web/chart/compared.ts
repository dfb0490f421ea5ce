/** What the chart is compared with, in words. */
import type { Comparison } from '../state/address.ts'
import type { Layers } from './layers.ts'

export const comparisonTexts: Record<Comparison, string> = {
  none: 'compare with …',
  '1d': 'the day before',
  '7d': 'the week before',
  '28d': 'four weeks before',
  '364d': 'a year before',
}

/** What the dashed line shows, or that there is none to draw; empty if nothing is compared. */
export function comparedText(
  comparison: Comparison,
  { compared }: Pick<Layers, 'compared'>,
): string {
  if (comparison === 'none' || !compared) return ''
  const text = comparisonTexts[comparison]
  const isKnown = [...compared.above, ...compared.below].some((value) => value !== null)
  return isKnown ? `dashed: ${text}` : `nothing is known of ${text}`
}
