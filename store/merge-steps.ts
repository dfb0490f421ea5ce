/**
 * Merges what several collectors wrote of one 5-minute step: an exporter may move from one to another.
 */
import { fieldNames, tagSeparator, tagsOf } from './measurement.ts'
import type { Coverage, MeasurementRows, StepRows } from './series.ts'
import { emptyRows } from './shape.ts'

/**
 * The coverage of an interval that two collectors report: one that did not hear the exporter takes
 * nothing from what the other knows. If neither knows, the reason is that of the one that heard more.
 */
export function mergeCoverage(a: Coverage, b: Coverage): Coverage {
  const [more, less] =
    b.known > a.known || (b.known === a.known && b.datagrams > a.datagrams) ? [b, a] : [a, b]
  const { openUntil, ...rest } = more
  // The interval is over once either says so.
  const until =
    openUntil === undefined || less.openUntil === undefined
      ? undefined
      : Math.max(openUntil, less.openUntil)
  return {
    ...rest,
    datagrams: a.datagrams + b.datagrams,
    lostFlows: a.lostFlows + b.lostFlows,
    lostFlowsEstimated: a.lostFlowsEstimated || b.lostFlowsEstimated,
    ...(until === undefined ? {} : { openUntil: until }),
  }
}

/** The sum of two 5-minute steps of the same time and exporter. */
function mergeSteps(a: StepRows, b: StepRows): StepRows {
  const merged = a.measurements.map((rows) => {
    const other = b.measurements.find(({ measurement }) => measurement === rows.measurement)
    return other ? mergeRows(rows, other) : rows
  })
  const names = new Set(a.measurements.map(({ measurement }) => measurement))
  const added = b.measurements.filter(({ measurement }) => !names.has(measurement))
  return { coverage: mergeCoverage(a.coverage, b.coverage), measurements: [...merged, ...added] }
}

function mergeRows(a: MeasurementRows, b: MeasurementRows): MeasurementRows {
  const { measurement } = a
  const tags = tagsOf(measurement)
  const keyOf = (rows: MeasurementRows, row: number) =>
    tags.map((tag) => rows.tags[tag]![row]!).join(tagSeparator)
  const places = new Map<string, number>()
  for (const rows of [a, b])
    for (let row = 0; row < rows.count; row++) {
      const key = keyOf(rows, row)
      if (!places.has(key)) places.set(key, places.size)
    }
  const merged = emptyRows(measurement, { count: places.size, isCoarse: false })
  for (const rows of [a, b])
    for (let row = 0; row < rows.count; row++) {
      const to = places.get(keyOf(rows, row))!
      for (const tag of tags) merged.tags[tag]![to] = rows.tags[tag]![row]!
      for (const field of fieldNames)
        merged.sum[field][to] = merged.sum[field][to]! + rows.sum[field][row]!
    }
  return merged
}

/** Merges two runs of steps in order of time, adding up steps of the same time. */
export async function* mergeRuns(
  a: AsyncIterable<StepRows>,
  b: AsyncIterable<StepRows>,
): AsyncGenerator<StepRows> {
  const [one, other] = [a[Symbol.asyncIterator](), b[Symbol.asyncIterator]()]
  let [x, y] = [await one.next(), await other.next()]
  while (x.done !== true || y.done !== true) {
    if (y.done === true || (x.done !== true && x.value.coverage.time < y.value.coverage.time)) {
      yield x.value as StepRows
      x = await one.next()
    } else if (x.done === true || y.value.coverage.time < x.value.coverage.time) {
      yield y.value
      y = await other.next()
    } else {
      yield mergeSteps(x.value, y.value)
      ;[x, y] = [await one.next(), await other.next()]
    }
  }
}
