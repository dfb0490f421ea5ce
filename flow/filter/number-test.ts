/** Conditions on numbers and bits as loops over columns. */
import { flowColumns, type ColumnName, type FlowColumns } from '../columns.ts'
import type { BitsFilter, NumberFilter, Range, Side } from '../filter.ts'
import { bitsFields, numberField, type MeasureName } from './fields.ts'
import { loops, type LoopKind, type ValuesTest } from './loops.ts'
import { countTests, measureWithin } from './measures.ts'
import type { ColumnTest } from './predicate.ts'

type NumberColumn = {
  [Name in ColumnName]: FlowColumns[Name] extends
    | Uint8Array
    | Uint16Array
    | Uint32Array
    | Float64Array
    ? Name
    : never
}[ColumnName]

/** With several ranges, values up to this are tested by table lookup. */
const tableMax = 65_535

export function numberTest({ field, side, ranges }: NumberFilter): ColumnTest {
  const { columns, measure, shift = 0, mask } = numberField(field)
  if (measure) return measureTest(measure, ranges)
  const [source, destination] = columns as readonly NumberColumn[]
  const kind = flowColumns[source!].kind as LoopKind
  const within = withinRanges(ranges, { shift, mask, kind })
  if (destination === undefined || side === 'source')
    return (flows, rows, out) => within(flows[source!], rows, out)
  if (side === 'destination') return (flows, rows, out) => within(flows[destination], rows, out)
  return onBoth(side, {
    source: (flows, rows, out) => within(flows[source!], rows, out),
    destination: (flows, rows, out) => within(flows[destination], rows, out),
  })
}

/** Tests one end, either or both. */
export function onBoth(
  side: Side,
  { source, destination }: { source: ColumnTest; destination: ColumnTest },
): ColumnTest {
  let second = new Uint8Array(0)
  const isBoth = side === 'both'
  return (flows, rows, out) => {
    if (second.length < rows) second = new Uint8Array(rows)
    source(flows, rows, out)
    destination(flows, rows, second)
    if (isBoth) for (let i = 0; i < rows; i++) out[i] = out[i]! & second[i]!
    else for (let i = 0; i < rows; i++) out[i] = out[i]! | second[i]!
  }
}

function withinRanges(
  ranges: readonly Range[],
  { shift, mask, kind }: { shift: number; mask: number | undefined; kind: LoopKind },
): ValuesTest {
  const [first, second] = ranges
  if (!first) return (_values, rows, out) => void out.fill(0, 0, rows)
  if (shift !== 0 || mask !== undefined) return withinPart(ranges, { shift, mask: mask ?? -1 })
  if (!second) {
    const [least, most] = first
    return (least === most ? loops[kind].equal(least) : loops[kind].within(first)) as ValuesTest
  }
  if (ranges.at(-1)![1] > tableMax) return withinMany(ranges)
  const table = new Uint8Array(tableMax + 1)
  for (const [least, most] of ranges) table.fill(1, least, most + 1)
  return loops[kind].table(table) as ValuesTest
}

function withinPart(
  ranges: readonly Range[],
  { shift, mask }: { shift: number; mask: number },
): ValuesTest {
  return (values, rows, out) => {
    for (let i = 0; i < rows; i++) out[i] = isWithin((values[i]! >>> shift) & mask, ranges)
  }
}

function withinMany(ranges: readonly Range[]): ValuesTest {
  return (values, rows, out) => {
    for (let i = 0; i < rows; i++) out[i] = isWithin(values[i]!, ranges)
  }
}

/** The ranges are sorted and disjoint. */
function isWithin(value: number, ranges: readonly Range[]): 0 | 1 {
  let [low, high] = [0, ranges.length - 1]
  while (low <= high) {
    const middle = (low + high) >> 1
    const [least, most] = ranges[middle]!
    if (value < least) high = middle - 1
    else if (value > most) low = middle + 1
    else return 1
  }
  return 0
}

function measureTest(measure: MeasureName, ranges: readonly Range[]): ColumnTest {
  const [first, second] = ranges
  const simple = measure in countTests ? countTests[measure as keyof typeof countTests] : null
  if (simple && first && !second) return simple(first)
  const within = measureWithin[measure]
  return (flows, rows, out) => {
    for (let i = 0; i < rows; i++) {
      let isAny: 0 | 1 = 0
      for (const range of ranges) if (within(flows, i, range)) isAny = 1
      out[i] = isAny
    }
  }
}

export function bitsTest({ field, test, mask, value }: BitsFilter): ColumnTest {
  const column = bitsFields[field].column
  if (test === 'any')
    return (flows, rows, out) => {
      const values = flows[column]
      for (let i = 0; i < rows; i++) out[i] = (values[i]! & mask) === 0 ? 0 : 1
    }
  return (flows, rows, out) => {
    const values = flows[column]
    for (let i = 0; i < rows; i++) out[i] = (values[i]! & mask) === value ? 1 : 0
  }
}
