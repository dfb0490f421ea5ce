/** Steps of a store on another machine, read a stretch at a time. */
import { measurementNames } from './measurement.ts'
import type { Coverage, MeasurementRows, SeriesRange, StepRows } from './series.ts'

/** Rows of one reading, about: bounds the memory of an iteration. */
const rowsPerReading = 40_000
/** Steps of the first reading, before anything is known of their size, and of any. */
const stepsAtFirst = 12
const stepsMost = 288

/** The rows of a range, a block for each measurement and step (unix ms), in any order. */
export type ReadBlocks = (
  range: SeriesRange,
) => Promise<Iterable<readonly [time: number, block: MeasurementRows]>>

/** The steps of an exporter; `covered` is what is known of it, by time: a step exists when its coverage does. */
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
    // What a question costs besides its rows is paid for as many of them as may be.
    count = Math.min(stepsMost, 4 * count, Math.ceil((part.length * rowsPerReading) / rows))
  }
}

function byMeasurement(a: MeasurementRows, b: MeasurementRows): number {
  return measurementNames.indexOf(a.measurement) - measurementNames.indexOf(b.measurement)
}
