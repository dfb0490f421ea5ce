/** The `steps` query of the series store: stored rows, step by step, for consolidation. */
import { setImmediate } from 'node:timers/promises'

import type { DuckDBDataChunk } from '@duckdb/node-api'

import {
  figureNames,
  measurementNames,
  tagsOf,
  type MeasurementName,
  type TagName,
} from '../measurement.ts'
import type { MeasurementRows, SeriesRange, StepRows } from '../series.ts'
import { emptyRows, figuresOf, isConsolidated } from '../shape.ts'
import { readCoverage } from './answers.ts'
import type { Files } from './files.ts'
import { type TableName } from './layout.ts'

/** Rows per read: bounds the memory of an iteration. */
const windowRowsMax = 200_000
/** This may be the thread that receives datagrams: it must not be blocked for long. */
const restEveryChunks = 4

/** See SeriesStore.steps. A step exists if its coverage does. */
export async function* readSteps(
  files: Files,
  range: SeriesRange & { exporter: string },
): AsyncGenerator<StepRows> {
  const texts: Texts = new Map()
  const ofExporter = { ...range, exporters: [range.exporter] }
  for (const window of await windows(files, ofExporter)) {
    const coverages = await readCoverage(files, window)
    if (coverages.length === 0) continue
    const blocks = new Map<number, MeasurementRows[]>(coverages.map(({ time }) => [time, []]))
    for (const measurement of measurementNames)
      for (const [time, rows] of await readBlocks(files, window, { measurement, texts }))
        blocks.get(time)?.push(rows)
    for (const coverage of coverages) yield { coverage, measurements: blocks.get(coverage.time)! }
  }
}

/** A range cut into windows with few enough rows, by the row counts in the manifest. */
async function windows(files: Files, range: SeriesRange): Promise<SeriesRange[]> {
  const { tier } = range
  const clipped = await files.clip(range)
  const entries = await files.source.entries()
  const densest = new Map<TableName, number>()
  for (const entry of entries) {
    if (entry.tier !== tier.name || entry.first >= clipped.to || entry.last < clipped.from) continue
    const perStep = entry.rows / ((entry.last - entry.first) / tier.stepMs + 1)
    densest.set(entry.table, Math.max(densest.get(entry.table) ?? 0, perStep))
  }
  const rowsPerStep = [...densest.values()].reduce((sum, rows) => sum + rows, 1)
  const lengthMs = Math.max(1, Math.floor(windowRowsMax / rowsPerStep)) * tier.stepMs
  const extent = extentOf(
    entries.filter((entry) => entry.tier === tier.name && entry.table === 'coverage'),
  )
  const found: SeriesRange[] = []
  if (extent === null) return found
  const last = Math.min(clipped.to, extent.to + tier.stepMs)
  for (let from = Math.max(clipped.from, extent.from); from < last; from += lengthMs)
    found.push({ ...range, from, to: Math.min(last, from + lengthMs) })
  return found
}

/** First and last step in the entries, or null. */
export function extentOf(
  entries: readonly { first: number; last: number }[],
): { from: number; to: number } | null {
  if (entries.length === 0) return null
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const { first, last } of entries) {
    from = Math.min(from, first)
    to = Math.max(to, last)
  }
  return { from, to }
}

/** The rows of a measurement in a window, by step. */
async function readBlocks(
  files: Files,
  range: SeriesRange,
  { measurement, texts }: { measurement: MeasurementName; texts: Texts },
): Promise<Map<number, MeasurementRows>> {
  const isCoarse = isConsolidated(range.tier)
  const tags = tagsOf(measurement)
  const chunks = await files.query(range, measurement, {
    sql: (fromWhere) => blocksSql(fromWhere, tags, isCoarse),
  })
  const lengths = new Map<number, number>()
  for (const chunk of chunks)
    for (const time of timesOf(chunk)) lengths.set(time, (lengths.get(time) ?? 0) + 1)
  const blocks = new Map<number, MeasurementRows>()
  const filled = new Map<number, number>()
  const local = new Map<number, string>()
  for (const [index, chunk] of chunks.entries()) {
    const times = timesOf(chunk)
    for (let from = 0, to = 0; from < times.length; from = to) {
      const time = times[from]!
      while (times[to] === time) to++
      if (time === textTime) {
        takeTexts(chunk, { from, to, texts, local })
        continue
      }
      let rows = blocks.get(time)
      if (!rows)
        blocks.set(time, (rows = emptyRows(measurement, { count: lengths.get(time)!, isCoarse })))
      const row = filled.get(time) ?? 0
      takeRows(rows, chunk, { tags, from, to, row, local })
      filled.set(time, row + to - from)
    }
    if (index % restEveryChunks === restEveryChunks - 1) await setImmediate()
  }
  return blocks
}

/** The time in the rows of an answer that carry the texts; it sorts before all times. */
const textTime = -1

/**
 * The rows with numbers for their tags, preceded by the texts of these numbers: every text is
 * passed once instead of once per row, and is the same string object in every row.
 */
function blocksSql(fromWhere: string, tags: readonly TagName[], isCoarse: boolean): string {
  const figures = figureNames(isCoarse)
  const texts = tags.map((tag) => `SELECT DISTINCT ${tag} AS text FROM found`).join(' UNION ')
  const nothing = [...tags.slice(1), ...figures].map(() => '0::DOUBLE')
  return `WITH found AS MATERIALIZED (SELECT time, ${[...tags, ...figures].join(', ')} ${fromWhere}),
    texts AS MATERIALIZED (SELECT text, row_number() OVER () AS id FROM (${texts}))
    SELECT ${textTime}::DOUBLE AS at_ms, text, ${['id::DOUBLE', ...nothing].join(', ')} FROM texts
    UNION ALL
    SELECT epoch_ms(found.time)::DOUBLE, NULL, ${tags.map((tag) => `of_${tag}.id::DOUBLE`).join(', ')},
      ${figures.map((figure) => `found.${figure}::DOUBLE`).join(', ')}
    FROM found ${tags.map((tag) => `JOIN texts AS of_${tag} ON of_${tag}.text = found.${tag}`).join(' ')}
    ORDER BY at_ms`
}

/** The texts of an iteration: one string object each, however often it is read. */
type Texts = Map<string, string>

function takeTexts(
  chunk: DuckDBDataChunk,
  what: { from: number; to: number; texts: Texts; local: Map<number, string> },
): void {
  const { from, to, texts, local } = what
  const [values, ids] = [chunk.getColumnVector(1), chunk.getColumnVector(2)]
  for (let i = from; i < to; i++) {
    const value = values.getItem(i) as string
    const text = texts.get(value) ?? value
    if (text === value) texts.set(value, value)
    local.set(ids.getItem(i) as number, text)
  }
}

function timesOf(chunk: DuckDBDataChunk): Float64Array {
  const times = new Float64Array(chunk.rowCount)
  const vector = chunk.getColumnVector(0)
  for (let i = 0; i < times.length; i++) times[i] = vector.getItem(i) as number
  return times
}

/** Copies rows [from, to) of a chunk to the rows from `row` on. */
function takeRows(
  rows: MeasurementRows,
  chunk: DuckDBDataChunk,
  what: {
    tags: readonly TagName[]
    from: number
    to: number
    row: number
    local: ReadonlyMap<number, string>
  },
): void {
  const { tags, from, to, row, local } = what
  let column = 2
  for (const tag of tags) {
    const vector = chunk.getColumnVector(column++)
    const target = rows.tags[tag]!
    for (let at = from; at < to; at++)
      target[row + at - from] = local.get(vector.getItem(at) as number)!
  }
  for (const target of figuresOf(rows, rows.known !== undefined)) {
    const vector = chunk.getColumnVector(column++)
    for (let at = from; at < to; at++) target[row + at - from] = vector.getItem(at) as number
  }
}
