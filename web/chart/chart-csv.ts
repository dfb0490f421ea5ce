/** The chart as CSV: a line per step, a column per key; unknown is empty. */
import { csv, csvTime } from '../../flow/csv.ts'
import type { Layers } from './layers.ts'
import { layerLabel, measureUnits } from './readout.ts'

/** Exactly what is charted, with times in a zone. */
export function chartCsv({ answer, layers }: Layers, zone: string): string {
  const unit = measureUnits[answer.measure]
  const names = layers.map((layer) => `${layerLabel(layer)} ${layer.direction} (${unit})`)
  const lines = answer.time.map((t, i) => [
    csvTime(t, zone),
    ...layers.map(({ values }) => values[i]),
  ])
  return csv(['time', ...names], lines)
}
