/**
 * Splits each flow over the steps it touches, into one row: done once, because a page's queries
 * group the same flows in several ways and the division takes most of the time.
 */
import { activeWithin, countUpTo } from '../../../flow/spread.ts'
import type { FieldName } from '../../measurement.ts'
import type { HeldFlows } from './held-files.ts'

/** A field, and the steps from `from` (unix ms) to `to`, in whole steps. */
export interface Spread {
  from: number
  to: number
  stepMs: number
  field: FieldName
}

/** The steps touched by flows, from the nth flow on: the same for every field. */
export interface Layout {
  n: number
  count: number
  /** By flow, its first step and the index of its first part; the last entry is the end of all parts. */
  steps: Int32Array
  starts: Int32Array
  parts: number
}

export interface Parts extends Layout {
  amounts: Float64Array
}

/** Parts per piece: 8 MB. A flow with more is a piece of its own. */
const partsMax = 1_000_000

/** Computes which steps the selected flows touch, from the nth on, for as many flows as fit in a piece. */
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
    if (count > 0 && parts + more > partsMax) break
    steps[count] = step
    parts += more
    starts[count + 1] = parts
  }
  return { n, count, steps, starts, parts }
}

/** The amounts of these flows in each step they touch. */
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
      // A flow counts where it begins: in its first step, if that is not before the window.
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
    // Most flows lie in one step, which gets all of their counts.
    if (until === at + 1 && begin >= stepStart && end <= stepStart + stepMs) {
      amounts[at] = count
      continue
    }
    // Within the flow's lifetime, with exact products, countUpTo equals this quotient.
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
