/** The question `steps` of the series store, asked of InfluxDB: stored rows, step by step. */
import {
  consolidatedSuffixes,
  fieldNames,
  measurementNames,
  measurements,
  type MeasurementName,
  type TagName,
} from '../measurement.ts'
import type { Coverage, MeasurementRows, SeriesRange, StepRows } from '../series.ts'
import { emptyRows, isConsolidated } from '../shape.ts'
import { readCoverage } from './answers.ts'
import { fieldsOf } from './lines.ts'
import { storedRows, type InfluxSource, type StoredRow } from './rows.ts'

/** Steps of one reading: bounds the memory of an iteration. */
const stepsPerReading = 12

/** See SeriesStore.steps. A step exists when its coverage does. */
export async function* readSteps(
  source: InfluxSource,
  range: SeriesRange & { exporter: string },
): AsyncGenerator<StepRows> {
  const { tier, exporter } = range
  const covered = await readCoverage(source, { ...range, exporters: [exporter] })
  for (let at = 0; at < covered.length;) {
    const from = covered[at]!.time
    const end = from + stepsPerReading * tier.stepMs
    const part = covered.slice(at, at + stepsPerReading).filter(({ time }) => time < end)
    at += part.length
    yield* await stepsOf(
      source,
      { tier, from, to: part.at(-1)!.time + tier.stepMs, exporter },
      part,
    )
  }
}

async function stepsOf(
  source: InfluxSource,
  range: SeriesRange & { exporter: string },
  covered: readonly Coverage[],
): Promise<StepRows[]> {
  const isCoarse = isConsolidated(range.tier)
  const blocks = new Map<number, MeasurementRows[]>(covered.map(({ time }) => [time, []]))
  for (const measurement of measurementNames) {
    const query = { ...range, exporters: [range.exporter], measurement }
    const rows = await storedRows(source, { ...query, fields: fieldsOf(isCoarse) })
    const byTime = new Map<number, StoredRow[]>()
    for (const row of rows) {
      if (row.figures.every((figure) => figure === 0)) continue
      const held = byTime.get(row.time)
      if (held) held.push(row)
      else byTime.set(row.time, [row])
    }
    for (const [time, found] of byTime)
      blocks.get(time)?.push(blockOf(measurement, found, isCoarse))
  }
  return covered.map((coverage) => ({ coverage, measurements: blocks.get(coverage.time)! }))
}

function blockOf(
  measurement: MeasurementName,
  rows: readonly StoredRow[],
  isCoarse: boolean,
): MeasurementRows {
  const block = emptyRows(measurement, { count: rows.length, isCoarse })
  const tags: readonly TagName[] = measurements[measurement].tags
  for (const tag of tags) block.tags[tag] = rows.map((row) => row.tags[tag]!)
  // The order of fieldsOf.
  const columns = [block.sum, block.max, block.unknown]
    .slice(0, isCoarse ? 1 + consolidatedSuffixes.length : 1)
    .flatMap((figures) => fieldNames.map((field) => figures![field]))
  if (block.known) columns.push(block.known)
  for (const [row, { figures }] of rows.entries())
    for (const [i, column] of columns.entries()) column[row] = figures[i]!
  return block
}
