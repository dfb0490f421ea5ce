/**
 * What of each flow falls into each step that it touches, in a row: made once, since the questions of a
 * page split the same flows in several ways, and dividing takes most of the time.
 */
import { activeWithin, countUpTo } from '../../../flow/spread.ts'
import type { FieldName } from '../../measurement.ts'
import type { HeldFlows } from './held-files.ts'

/** A field over steps from `from` (unix ms) to `to`, in whole steps. */
export interface Spread {
  from: number
  to: number
  stepMs: number
  field: FieldName
}

/** The steps that flows touch, from the nth flow on: the same for each field. */
export interface Layout {
  n: number
  count: number
  /** By flow, the step in which its parts begin, and where among all parts; at the end, where all end. */
  steps: Int32Array
  starts: Int32Array
  parts: number
}

export interface Parts extends Layout {
  amounts: Float64Array
}

/** Parts of one piece: 8 MB. A flow that has more is a piece of its own. */
const partsMost = 1_000_000

/** Which steps the selected flows touch, from the nth on: as many flows as go into a piece. */
export function layOut(
  { first, last }: HeldFlows,
  rows: Int32Array,
  n: number,
  { from, to, stepMs }: Spread,
): Layout {
  const steps = new Int32Array(rows.length - n)
  const starts = new Int32Array(rows.length - n + 1)
  let count = 0
  let parts = 0
  for (; n + count < rows.length; count++) {
    const row = rows[n + count]!
    const begin = first[row]!
    const end = last[row]!
    const step = Math.trunc((Math.max(begin, from) - from) / stepMs)
    const lastStep = Math.trunc((Math.min(Math.max(begin, end - 1), to - 1) - from) / stepMs)
    const more = lastStep - step + 1
    if (count > 0 && parts + more > partsMost) break
    steps[count] = step
    parts += more
    starts[count + 1] = parts
  }
  return { n, count, steps, starts, parts }
}

/** What of each of these flows falls into each step that it touches. */
export function spreadParts(
  file: HeldFlows,
  rows: Int32Array,
  layout: Layout,
  spread: Spread,
): Parts {
  const chosen = rows.subarray(layout.n, layout.n + layout.count)
  return { ...layout, amounts: spreadOf[spread.field](file, chosen, layout, spread) }
}

type SpreadField = (
  file: HeldFlows,
  rows: Int32Array,
  layout: Layout,
  spread: Spread,
) => Float64Array

const spreadOf: Record<FieldName, SpreadField> = {
  bytes: (file, rows, layout, spread) => spreadCounts(file.bytes, file, rows, { layout, spread }),
  packets: (file, rows, layout, spread) =>
    spreadCounts(file.packets, file, rows, { layout, spread }),
  flows: ({ first }, rows, { steps, starts, parts }, { from, stepMs }) => {
    const amounts = new Float64Array(parts)
    for (let n = 0; n < rows.length; n++) {
      const begin = first[rows[n]!]!
      const stepStart = from + steps[n]! * stepMs
      // A flow counts where it begins, in the first of its steps or before the window.
      if (begin >= stepStart && begin < stepStart + stepMs) amounts[starts[n]!] = 1
    }
    return amounts
  },
  active: ({ first, last }, rows, { steps, starts, parts }, { from, stepMs }) => {
    const amounts = new Float64Array(parts)
    for (let n = 0; n < rows.length; n++) {
      const begin = first[rows[n]!]!
      const end = last[rows[n]!]!
      let stepStart = from + steps[n]! * stepMs
      for (let part = starts[n]!; part < starts[n + 1]!; part++, stepStart += stepMs)
        amounts[part] = activeWithin(begin, end, stepStart, stepStart + stepMs)
    }
    return amounts
  },
}

function spreadCounts(
  counts: Float64Array,
  { first, last }: HeldFlows,
  rows: Int32Array,
  {
    spread: { from, stepMs },
    layout: { steps, starts, parts },
  }: { spread: Spread; layout: Layout },
): Float64Array {
  const amounts = new Float64Array(parts)
  for (let n = 0; n < rows.length; n++) {
    const row = rows[n]!
    const count = counts[row]!
    const begin = first[row]!
    const end = last[row]!
    let stepStart = from + steps[n]! * stepMs
    const at = starts[n]!
    const until = starts[n + 1]!
    // Most flows lie in one step: all of them counts there.
    if (until === at + 1 && begin >= stepStart && end <= stepStart + stepMs) {
      amounts[at] = count
      continue
    }
    // Within the flow's life, and with exact products, countUpTo is this quotient.
    const life = end - begin
    const isPlain = count * life <= Number.MAX_SAFE_INTEGER
    let before = countUpTo(count, begin, end, stepStart)
    for (let part = at; part < until; part++) {
      stepStart += stepMs
      const upTo =
        isPlain && stepStart < end
          ? Math.floor((count * (stepStart - begin)) / life)
          : countUpTo(count, begin, end, stepStart)
      amounts[part] = upTo - before
      before = upTo
    }
  }
  return amounts
}
