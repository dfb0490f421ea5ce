/** Steps of a store on another machine, read range by range. */
import { measurementNames } from '../measurement.ts'
import type { Coverage, MeasurementRows, SeriesRange, StepRows } from '../series.ts'

/** Rows per read, approximately: bounds the memory of an iteration. */
const rowsPerReading = 40_000
/** Steps of the first read, before their size is known, and of any. */
const stepsAtFirst = 12
const stepsMax = 288

/** The rows of a range, one block for each measurement and step (unix ms), in any order. */
type ReadBlocks = (
  range: SeriesRange,
) => Promise<Iterable<readonly [time: number, block: MeasurementRows]>>

/** The steps of an exporter; `covered` is its coverage by time: a step exists if its coverage does. */
export async function* stepsByStretch(
  { tier, exporter }: SeriesRange & { exporter: string },
  covered: readonly Coverage[],
  read: ReadBlocks,
): AsyncGenerator<StepRows> {
  let count = stepsAtFirst
  for (let at = 0; at < covered.length;) {
    const from = covered[at]!.time
    const end = from + count * tier.stepMs
    const part = covered.slice(at, at + count).filter(({ time }) => time < end)
    at += part.length
    const to = part.at(-1)!.time + tier.stepMs
    const blocks = new Map<number, MeasurementRows[]>(part.map(({ time }) => [time, []]))
    let rows = 1
    for (const [time, block] of await read({ tier, from, to, exporters: [exporter] })) {
      blocks.get(time)?.push(block)
      rows += block.count
    }
    for (const coverage of part)
      yield { coverage, measurements: blocks.get(coverage.time)!.sort(byMeasurement) }
    // The fixed cost of a query is spread over as many rows as allowed.
    count = Math.min(stepsMax, 4 * count, Math.ceil((part.length * rowsPerReading) / rows))
  }
}

function byMeasurement(a: MeasurementRows, b: MeasurementRows): number {
  return measurementNames.indexOf(a.measurement) - measurementNames.indexOf(b.measurement)
}
