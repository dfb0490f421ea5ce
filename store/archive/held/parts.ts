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

/** The parts of the flows from the nth on. */
export interface Parts {
  n: number
  count: number
  /** By flow, the step in which its parts begin, and where in `amounts`; at the end, where all end. */
  steps: Int32Array
  starts: Int32Array
  amounts: Float64Array
}

/** Parts of one piece: 8 MB. A flow that has more is a piece of its own. */
const partsMost = 1_000_000

/** The parts of the selected flows from the nth on, as many as go into a piece. */
export function spreadParts(
  file: HeldFlows,
  rows: Int32Array,
  { n, ...spread }: Spread & { n: number },
): Parts {
  const parts = layOut(file, rows.subarray(n), spread)
  const chosen = rows.subarray(n, n + parts.count)
  switch (spread.field) {
    case 'bytes':
      spreadCounts(file.bytes, file, chosen, { spread, parts })
      break
    case 'packets':
      spreadCounts(file.packets, file, chosen, { spread, parts })
      break
    case 'flows':
      spreadWith(chosen, { spread, parts }, (row, from, to) =>
        file.first[row]! >= from && file.first[row]! < to ? 1 : 0,
      )
      break
    case 'active':
      spreadWith(chosen, { spread, parts }, (row, from, to) =>
        activeWithin(file.first[row]!, file.last[row]!, from, to),
      )
  }
  return { n, ...parts }
}

/** Which steps the flows touch. */
function layOut(
  { first, last }: HeldFlows,
  rows: Int32Array,
  { from, to, stepMs }: Spread,
): Omit<Parts, 'n'> {
  const steps = new Int32Array(rows.length)
  const starts = new Int32Array(rows.length + 1)
  let [count, parts] = [0, 0]
  for (; count < rows.length; count++) {
    const [begin, end] = [first[rows[count]!]!, last[rows[count]!]!]
    const step = Math.trunc((Math.max(begin, from) - from) / stepMs)
    const lastStep = Math.trunc((Math.min(Math.max(begin, end - 1), to - 1) - from) / stepMs)
    const more = lastStep - step + 1
    if (count > 0 && parts + more > partsMost) break
    steps[count] = step
    parts += more
    starts[count + 1] = parts
  }
  return { count, steps, starts, amounts: new Float64Array(parts) }
}

interface Laid {
  spread: Spread
  parts: Omit<Parts, 'n'>
}

function spreadCounts(
  counts: Float64Array,
  { first, last }: HeldFlows,
  rows: Int32Array,
  { spread: { from, stepMs }, parts: { steps, starts, amounts } }: Laid,
): void {
  for (let n = 0; n < rows.length; n++) {
    const row = rows[n]!
    const [count, begin, end] = [counts[row]!, first[row]!, last[row]!]
    let stepStart = from + steps[n]! * stepMs
    const [at, until] = [starts[n]!, starts[n + 1]!]
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
}

function spreadWith(
  rows: Int32Array,
  { spread: { from, stepMs }, parts: { steps, starts, amounts } }: Laid,
  amountOf: (row: number, from: number, to: number) => number,
): void {
  for (let n = 0; n < rows.length; n++) {
    let stepStart = from + steps[n]! * stepMs
    for (let part = starts[n]!; part < starts[n + 1]!; part++) {
      amounts[part] = amountOf(rows[n]!, stepStart, stepStart + stepMs)
      stepStart += stepMs
    }
  }
}
