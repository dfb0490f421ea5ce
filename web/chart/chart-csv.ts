/** The chart as CSV: a line per step, a column per key; unknown is empty. */
import { isoIn } from '../../flow/zone.ts'
import type { Layers } from './layers.ts'
import { layerLabel, measureUnits } from './readout.ts'

/**
 * Exactly what is charted, with times in a zone and RFC 4180 quoting; a text that a spreadsheet
 * would run gets a leading apostrophe.
 */
export function chartCsv({ answer, layers }: Layers, zone: string): string {
  const unit = measureUnits[answer.measure]
  const heading = [
    'time',
    ...layers.map((layer) => `${layerLabel(layer)} ${layer.direction} (${unit})`),
  ]
  const lines = answer.time.map((t, i) => [
    isoIn(t * 1000, zone),
    ...layers.map((layer) => String(layer.values[i] ?? '')),
  ])
  return [heading, ...lines].map((cells) => cells.map(cell).join(',')).join('\r\n') + '\r\n'
}

function cell(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
