/** The series store's query `steps` in ClickHouse: stored rows, step by step. */
import { figureNames, measurementNames, tagsOf, type MeasurementName } from '../measurement.ts'
import type { MeasurementRows, SeriesRange, StepRows } from '../series.ts'
import { emptyRows, figuresOf, isConsolidated } from '../shape.ts'
import { stepsByStretch } from '../remote/stretches.ts'
import { readCoverage } from './answers.ts'
import type { Answer } from './connection.ts'
import { rowsOf, type ClickHouseSource } from './rows.ts'
import { tagColumns } from './schema.ts'

/** See SeriesStore.steps. */
export async function* readSteps(
  source: ClickHouseSource,
  range: SeriesRange & { exporter: string },
): AsyncGenerator<StepRows> {
  const covered = await readCoverage(source, { ...range, exporters: [range.exporter] })
  yield* stepsByStretch(range, covered, (stretch) => blocksOf(source, stretch))
}

async function blocksOf(
  source: ClickHouseSource,
  range: SeriesRange,
): Promise<[time: number, block: MeasurementRows][]> {
  const isCoarse = isConsolidated(range.tier)
  const { sql, values } = rowsOf(source, range, null)
  // Every collector has its own rows of an interval; a coarser step is complete from one of them.
  const isSummed = !isCoarse && source.writer === undefined
  const keys = ['name', 't', ...tagColumns.map((tag) => `key_${tag}`)].join(', ')
  const columns = [
    'toString(measurement) AS name',
    'toUnixTimestamp(time) AS t',
    ...tagColumns.map((tag) => `toString(${tag}) AS key_${tag}`),
    ...figureNames(isCoarse).map((name) => `${isSummed ? `sum(${name})` : name} AS sum_${name}`),
  ]
  const answer = await source.connection.read({
    sql: `SELECT ${columns.join(', ')} ${sql} ${isSummed ? `GROUP BY ${keys} ` : ''}ORDER BY name, t`,
    values,
  })
  const names = answer.texts('name')
  const times = answer.numbers('t')
  const found: [number, MeasurementRows][] = []
  for (let from = 0; from < times.length;) {
    const name = names[from]!
    let to = from
    while (to < times.length && times[to] === times[from] && names[to] === name) to++
    const measurement = measurementNames.find((each) => each === name)
    // Unknown names, of a later version, are skipped.
    if (measurement)
      found.push([times[from]! * 1000, blockOf(answer, measurement, { from, to, isCoarse })])
    from = to
  }
  return found
}

/** Rows [from, to) of an answer. */
function blockOf(
  answer: Answer,
  measurement: MeasurementName,
  { from, to, isCoarse }: { from: number; to: number; isCoarse: boolean },
): MeasurementRows {
  const block = emptyRows(measurement, { count: to - from, isCoarse })
  const part = (name: string) => (answer.columns[name] ?? []).slice(from, to)
  for (const tag of tagsOf(measurement)) block.tags[tag] = part(`key_${tag}`).map(String)
  const columns = figuresOf(block, isCoarse)
  for (const [i, name] of figureNames(isCoarse).entries())
    columns[i]!.set(part(`sum_${name}`).map(Number))
  return block
}
