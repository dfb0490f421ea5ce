/** The levels that a view draws across its chart: the 95th percentile and a threshold. */
import { formatWithUnit, parseScaled } from '../../flow/units.ts'
import type { View } from '../state/address.ts'
import type { Layers } from './layers.ts'
import { measureUnits } from './readout.ts'
import type { Level } from './scene.ts'

/** The levels of a chart; the 95th percentile in and out, as far as the API gives them. */
export function levelsOf(view: View, all: Layers): Level[] {
  const unit = measureUnits[all.answer.measure]
  const levels: Level[] = []
  for (const { direction, half, summary } of all.totals) {
    const isAsked = view.p95 === 'on' && view.draw !== 'stack'
    if (!isAsked || summary.p95 === null || (direction !== 'in' && direction !== 'out')) continue
    const text = `95th ${direction} ${formatWithUnit(summary.p95, unit)}`
    levels.push({ value: half === 'above' ? summary.p95 : -summary.p95, text, limit: false })
  }
  const threshold = parseScaled(view.threshold)
  if (threshold !== null) {
    const text = `threshold ${formatWithUnit(threshold, unit)}`
    levels.push({ value: threshold, text, limit: true })
    if (view.draw !== 'stack') levels.push({ value: -threshold, text: '', limit: true })
  }
  return levels
}
