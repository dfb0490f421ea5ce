/** The shape of rows and answers that all series stores have in common. */
import { intervalMs, type Tier } from '../flow/interval.ts'
import { emptyFigures } from './cut.ts'
import { measurements, type MeasurementName, type TagName } from './measurement.ts'
import type { MeasurementRows, SeriesRead } from './series.ts'

/** Whether a tier's rows hold maxima, unknown parts and known intervals beside the sums. */
export function isConsolidated(tier: Tier): boolean {
  return tier.stepMs > intervalMs
}

/** The tag that is `other` in the rows that stand for what was cut, if an answer is split by it. */
export function cutTag(by: readonly (TagName | 'exporter')[]): TagName | null {
  for (const tag of by) if (tag !== 'direction' && tag !== 'exporter') return tag
  return null
}

/** An answer of so many rows, all of zeros. */
export function emptyRead(count: number): SeriesRead {
  return {
    count,
    time: new Float64Array(count),
    exporter: new Uint32Array(count),
    exporters: [],
    key: new Int32Array(count),
    sum: emptyFigures(count),
    max: emptyFigures(count),
    unknown: emptyFigures(count),
    known: new Float64Array(count),
    parts: new Uint32Array(count),
  }
}

/** So many rows of a measurement, all of zeros and without texts. */
export function emptyRows(
  measurement: MeasurementName,
  { count, isCoarse }: { count: number; isCoarse: boolean },
): MeasurementRows {
  const tags: MeasurementRows['tags'] = {}
  for (const tag of measurements[measurement].tags) tags[tag] = []
  const rows: MeasurementRows = { measurement, count, tags, sum: emptyFigures(count) }
  if (!isCoarse) return rows
  return {
    ...rows,
    max: emptyFigures(count),
    unknown: emptyFigures(count),
    known: new Float64Array(count),
  }
}
