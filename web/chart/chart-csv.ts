/**
 * The chart as CSV: a line per step, a column per key; unknown is empty. If exporters were away while
 * others were not, a last column names them.
 */
import { csv, csvTime } from '../../flow/csv.ts'
import type { Layers } from './layers.ts'
import { layerLabel, measureUnits } from './readout.ts'
import { missingIn } from './unknown.ts'

/** Exactly what is charted, with times in a zone. */
export function chartCsv({ answer, layers }: Layers, zone: string): string {
  const unit = measureUnits[answer.measure]
  const names = layers.map((layer) => `${layerLabel(layer)} ${layer.direction} (${unit})`)
  const isPart = answer.unknownOf !== undefined
  const lines = answer.time.map((t, i) => [
    csvTime(t, zone),
    ...layers.map(({ values }) => values[i]),
    ...(isPart ? [missingIn(answer, [t, t + answer.step])] : []),
  ])
  return csv(['time', ...names, ...(isPart ? ['without'] : [])], lines)
}
