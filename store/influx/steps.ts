/** The `steps` query of the series store, sent to InfluxDB: stored rows, step by step. */
import { figureNames, measurementNames, tagsOf, type MeasurementName } from '../measurement.ts'
import type { MeasurementRows, SeriesRange, StepRows } from '../series.ts'
import { emptyRows, figuresOf, isConsolidated } from '../shape.ts'
import { stepsByStretch } from '../remote/stretches.ts'
import { readCoverage } from './answers.ts'
import { storedRows, type InfluxSource, type StoredRow } from './rows.ts'

/** See SeriesStore.steps. */
export async function* readSteps(
  source: InfluxSource,
  range: SeriesRange & { exporter: string },
): AsyncGenerator<StepRows> {
  const covered = await readCoverage(source, { ...range, exporters: [range.exporter] })
  yield* stepsByStretch(range, covered, (stretch) => blocksOf(source, stretch))
}

async function blocksOf(
  source: InfluxSource,
  range: SeriesRange,
): Promise<[time: number, block: MeasurementRows][]> {
  const isCoarse = isConsolidated(range.tier)
  const found: [number, MeasurementRows][] = []
  for (const measurement of measurementNames) {
    const rows = await storedRows(source, { ...range, measurement, fields: figureNames(isCoarse) })
    const live = rows.filter(({ figures }) => figures.some((figure) => figure !== 0))
    for (const [time, ofStep] of Map.groupBy(live, (row) => row.time))
      found.push([time, blockOf(measurement, ofStep, isCoarse)])
  }
  return found
}

function blockOf(
  measurement: MeasurementName,
  rows: readonly StoredRow[],
  isCoarse: boolean,
): MeasurementRows {
  const block = emptyRows(measurement, { count: rows.length, isCoarse })
  for (const tag of tagsOf(measurement)) block.tags[tag] = rows.map((row) => row.tags[tag]!)
  const columns = figuresOf(block, isCoarse)
  for (const [row, { figures }] of rows.entries())
    for (const [i, column] of columns.entries()) column[row] = figures[i]!
  return block
}
