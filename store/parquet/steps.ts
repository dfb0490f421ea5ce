/** The question `steps` of the series store: stored rows, step by step, for consolidation. */
import { setImmediate } from 'node:timers/promises'

import type { DuckDBDataChunk } from '@duckdb/node-api'

import { emptyFigures } from '../cut.ts'
import { fieldNames, measurementNames, type MeasurementName, type TagName } from '../measurement.ts'
import type { Coverage, MeasurementRows, SeriesRange, StepRows } from '../series.ts'
import { readCoverage } from './answers.ts'
import type { Files } from './files.ts'
import { isConsolidated, tagsOf } from './layout.ts'

/** Rows of one reading: bounds the memory of an iteration. */
const windowRowsMax = 100_000
/** The thread may be the one that receives datagrams: it must not be held for long. */
const restEveryChunks = 4

/** See SeriesStore.steps. A step exists when its coverage does. */
export async function* readSteps(
  files: Files,
  range: SeriesRange & { exporter: string },
): AsyncGenerator<StepRows> {
  const ofExporter = { ...range, exporters: [range.exporter] }
  for (const window of await windows(files, ofExporter)) {
    const coverages = await readCoverage(files, window)
    if (coverages.length === 0) continue
    const blocks = new Map<number, MeasurementRows[]>(coverages.map(({ time }) => [time, []]))
    for (const measurement of measurementNames)
      for (const [time, rows] of await readBlocks(files, window, measurement))
        blocks.get(time)?.push(rows)
    for (const coverage of coverages) yield stepOf(coverage, blocks.get(coverage.time)!)
  }
}

function stepOf(coverage: Coverage, measurements: MeasurementRows[]): StepRows {
  return { coverage, measurements }
}

/** A range cut into stretches that hold few enough rows, by what the manifest says of the files. */
async function windows(files: Files, range: SeriesRange): Promise<SeriesRange[]> {
  const { tier } = range
  const clipped = await files.clip(range)
  const entries = await files.source.entries()
  let densest = 1
  for (const entry of entries) {
    if (entry.tier !== tier.name || entry.first >= clipped.to || entry.last < clipped.from) continue
    const steps = (entry.last - entry.first) / tier.stepMs + 1
    densest = Math.max(densest, (entry.rows / steps) * measurementNames.length)
  }
  const lengthMs = Math.max(1, Math.floor(windowRowsMax / densest)) * tier.stepMs
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

/** First and last step that entries hold, or null. */
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

/** The rows of a measurement in a stretch, by step. */
async function readBlocks(
  files: Files,
  range: SeriesRange,
  measurement: MeasurementName,
): Promise<Map<number, MeasurementRows>> {
  const isCoarse = isConsolidated(range.tier)
  const suffixes = isCoarse ? ['', '_max', '_unknown'] : ['']
  const figures = suffixes.flatMap((suffix) => fieldNames.map((field) => field + suffix))
  if (isCoarse) figures.push('known')
  const tags = tagsOf(measurement)
  const select = [...tags, ...figures.map((figure) => `${figure}::DOUBLE`)].join(', ')
  const chunks = await files.query(range, measurement, {
    sql: (fromWhere) => `SELECT epoch_ms(time)::DOUBLE, ${select} ${fromWhere} ORDER BY time`,
  })
  const lengths = new Map<number, number>()
  for (const chunk of chunks)
    for (const time of timesOf(chunk)) lengths.set(time, (lengths.get(time) ?? 0) + 1)
  const blocks = new Map<number, MeasurementRows>()
  const filled = new Map<number, number>()
  for (const [index, chunk] of chunks.entries()) {
    const times = timesOf(chunk)
    for (let from = 0, to = 0; from < times.length; from = to) {
      const time = times[from]!
      while (times[to] === time) to++
      let rows = blocks.get(time)
      if (!rows)
        blocks.set(time, (rows = emptyRows(measurement, { count: lengths.get(time)!, isCoarse })))
      const row = filled.get(time) ?? 0
      takeRows(rows, chunk, { tags, from, to, row })
      filled.set(time, row + to - from)
    }
    if (index % restEveryChunks === restEveryChunks - 1) await setImmediate()
  }
  return blocks
}

function timesOf(chunk: DuckDBDataChunk): Float64Array {
  const times = new Float64Array(chunk.rowCount)
  const vector = chunk.getColumnVector(0)
  for (let i = 0; i < times.length; i++) times[i] = vector.getItem(i) as number
  return times
}

/** Takes the rows [from, to) of a chunk, as the rows from `row` on. */
function takeRows(
  rows: MeasurementRows,
  chunk: DuckDBDataChunk,
  { tags, from, to, row }: { tags: readonly TagName[]; from: number; to: number; row: number },
): void {
  const columns: (string[] | Float64Array)[] = tags.map((tag) => rows.tags[tag]!)
  for (const figures of [rows.sum, rows.max, rows.unknown])
    if (figures) for (const field of fieldNames) columns.push(figures[field])
  if (rows.known) columns.push(rows.known)
  for (const [i, column] of columns.entries()) {
    const vector = chunk.getColumnVector(1 + i)
    for (let at = from; at < to; at++) column[row + at - from] = vector.getItem(at) as never
  }
}

function emptyRows(
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
