/** The question `steps` of the series store, asked of ClickHouse: stored rows, step by step. */
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
import type { Answer } from './connection.ts'
import { rowsOf, type ClickHouseSource } from './rows.ts'
import { figureColumns, tagColumns } from './schema.ts'

/** Rows of one reading, about: bounds the memory of an iteration. */
const rowsPerReading = 40_000
/** Steps of the first reading, before anything is known of their size, and of any. */
const stepsAtFirst = 12
const stepsMost = 288

/** See SeriesStore.steps. A step exists when its coverage does. */
export async function* readSteps(
  source: ClickHouseSource,
  range: SeriesRange & { exporter: string },
): AsyncGenerator<StepRows> {
  const { tier, exporter } = range
  const covered = await readCoverage(source, { ...range, exporters: [exporter] })
  let count = stepsAtFirst
  for (let at = 0; at < covered.length;) {
    const from = covered[at]!.time
    const end = from + count * tier.stepMs
    const part = covered.slice(at, at + count).filter(({ time }) => time < end)
    at += part.length
    const to = part.at(-1)!.time + tier.stepMs
    const steps = await stepsOf(source, { tier, from, to, exporters: [exporter] }, part)
    const rows = steps.reduce(
      (sum, { measurements: blocks }) => sum + blocks.reduce((all, block) => all + block.count, 0),
      1,
    )
    yield* steps
    // What a question costs besides its rows is paid for as many of them as may be.
    count = Math.min(stepsMost, 4 * count, Math.ceil((part.length * rowsPerReading) / rows))
  }
}

async function stepsOf(
  source: ClickHouseSource,
  range: SeriesRange,
  covered: readonly Coverage[],
): Promise<StepRows[]> {
  const isCoarse = isConsolidated(range.tier)
  const blocks = new Map<number, MeasurementRows[]>(covered.map(({ time }) => [time, []]))
  const { sql, values } = rowsOf(source, range, null)
  // Of an interval each collector has its rows; a coarser step is whole as one of them made it.
  const isSummed = !isCoarse && source.writer === undefined
  const keys = ['name', 't', ...tagColumns.map((tag) => `key_${tag}`)].join(', ')
  const columns = [
    'toString(measurement) AS name',
    'toUnixTimestamp(time) AS t',
    ...tagColumns.map((tag) => `toString(${tag}) AS key_${tag}`),
    ...figureColumns(isCoarse).map((name) => `${isSummed ? `sum(${name})` : name} AS sum_${name}`),
  ]
  const answer = await source.connection.read({
    sql: `SELECT ${columns.join(', ')} ${sql} ${isSummed ? `GROUP BY ${keys} ` : ''}ORDER BY name, t`,
    values,
  })
  const names = answer.texts('name')
  const times = answer.numbers('t')
  for (let from = 0; from < times.length;) {
    const name = names[from]!
    let to = from
    while (to < times.length && times[to] === times[from] && names[to] === name) to++
    const measurement = measurementNames.find((each) => each === name)
    // What a later version counts is not known here.
    if (measurement)
      blocks.get(times[from]! * 1000)?.push(blockOf(answer, measurement, { from, to, isCoarse }))
    from = to
  }
  const place = ({ measurement }: MeasurementRows) => measurementNames.indexOf(measurement)
  return covered.map((coverage) => ({
    coverage,
    measurements: blocks.get(coverage.time)!.sort((a, b) => place(a) - place(b)),
  }))
}

/** Rows [from, to) of an answer. */
function blockOf(
  answer: Answer,
  measurement: MeasurementName,
  { from, to, isCoarse }: { from: number; to: number; isCoarse: boolean },
): MeasurementRows {
  const block = emptyRows(measurement, { count: to - from, isCoarse })
  const part = (name: string) => (answer.columns[name] ?? []).slice(from, to)
  const tags: readonly TagName[] = measurements[measurement].tags
  for (const tag of tags) block.tags[tag] = part(`key_${tag}`).map(String)
  const [ofMax, ofUnknown] = consolidatedSuffixes
  for (const field of fieldNames) {
    block.sum[field].set(part(`sum_${field}`).map(Number))
    block.max?.[field].set(part(`sum_${field}${ofMax}`).map(Number))
    block.unknown?.[field].set(part(`sum_${field}${ofUnknown}`).map(Number))
  }
  block.known?.set(part('sum_known').map(Number))
  return block
}
