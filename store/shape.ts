/** The shape of rows and answers, common to all series stores. */
import { intervalMs, type Tier } from '../flow/interval.ts'
import { emptyFigures } from './cut.ts'
import {
  fieldNames,
  tagSeparator,
  tagsOf,
  type FieldName,
  type MeasurementName,
  type TagName,
} from './measurement.ts'
import type { Coverage, MeasurementRows, SeriesKey, SeriesRange, SeriesRead } from './series.ts'

/** Whether a tier's rows have maxima, unknown parts and known intervals besides the sums. */
export function isConsolidated(tier: Tier): boolean {
  return tier.stepMs > intervalMs
}

/** Whether a range must be empty, so that no store need be queried. */
export function isNothing({ from, to, exporters }: SeriesRange): boolean {
  return from >= to || exporters?.length === 0
}

/** A key as one text, by the tags of a query. */
export function keyText(key: SeriesKey, by: readonly (TagName | 'exporter')[]): string {
  return by.map((tag) => key[tag] ?? '').join(tagSeparator)
}

/** Orders coverage by time, then by the exporter's text. */
export function byTimeAndExporter(
  a: Pick<Coverage, 'time' | 'exporter'>,
  b: Pick<Coverage, 'time' | 'exporter'>,
): number {
  return a.time - b.time || compareText(a.exporter, b.exporter)
}

/** Orders texts by code units. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The tag that is `other` in the rows for cut keys, if an answer is split by it. */
export function cutTag(by: readonly (TagName | 'exporter')[]): TagName | null {
  for (const tag of by) if (tag !== 'direction' && tag !== 'exporter') return tag
  return null
}

/** An answer with this many rows, all zeros. */
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

/** This many rows of a measurement, all zeros and without texts. */
export function emptyRows(
  measurement: MeasurementName,
  { count, isCoarse }: { count: number; isCoarse: boolean },
): MeasurementRows {
  const tags: MeasurementRows['tags'] = {}
  for (const tag of tagsOf(measurement)) tags[tag] = []
  const rows: MeasurementRows = { measurement, count, tags, sum: emptyFigures(count) }
  if (!isCoarse) return rows
  return {
    ...rows,
    max: emptyFigures(count),
    unknown: emptyFigures(count),
    known: new Float64Array(count),
  }
}

/** The columns of rows, or of an answer, in the order of `figureNames`. */
export function figuresOf(
  { sum, max, unknown, known }: Pick<MeasurementRows, 'sum' | 'max' | 'unknown' | 'known'>,
  isCoarse: boolean,
  fields: readonly FieldName[] = fieldNames,
): Float64Array[] {
  const columns = fields.map((field) => sum[field])
  if (!isCoarse) return columns
  for (const each of [max, unknown]) for (const field of fields) columns.push(each![field])
  return [...columns, known!]
}

/** In the 5-minute tier a row is known if its interval is, and is its own maximum. */
export function takeKnown(
  read: SeriesRead,
  fields: readonly FieldName[],
  covered: readonly Coverage[],
): void {
  const known = new Set<string>()
  for (const each of covered) if (each.known > 0) known.add(`${each.time} ${each.exporter}`)
  for (let row = 0; row < read.count; row++) {
    const isKnown = known.has(`${read.time[row]!} ${read.exporters[read.exporter[row]!]!}`)
    read.known[row] = isKnown ? 1 : 0
    for (const field of fields)
      (isKnown ? read.max : read.unknown)[field][row] = read.sum[field][row]!
  }
}
