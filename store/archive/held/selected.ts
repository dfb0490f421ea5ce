/** The flows of a held file that belong to a window and pass its filter, and what of them falls into it. */
import type { FlowPredicate } from '../../../flow/filter/predicate.ts'
import { activeWithin, countWithin } from '../../../flow/spread.ts'
import type { FlowWindow, Include } from '../../flows.ts'
import type { FieldName } from '../../measurement.ts'
import type { HeldFlows } from './held-files.ts'
import { spreadParts, type Parts, type Spread } from './parts.ts'

/** Which flows belong to a window: see belongsSql. */
const belongs: Record<
  Include,
  (first: number, last: number, window: { from: number; to: number }) => boolean
> = {
  any: (first, last, { from, to }) => first < to && Math.max(first, last - 1) >= from,
  start: (first, _last, { from, to }) => first < to && first >= from,
  end: (_first, last, { from, to }) => last >= from && last < to,
  within: (first, last, { from, to }) => first < to && first >= from && last <= to,
}

type Window = Pick<FlowWindow, 'from' | 'to' | 'include'>

/** How many parts may still be kept. */
export interface PartsKept {
  left: number
}

export class SelectedFlows {
  readonly file: HeldFlows
  /** Rows of the file; what is told of the nth of them stands at n. */
  readonly rows: Int32Array
  readonly #window: Window
  readonly #kept: PartsKept
  readonly #shares = new Map<FieldName, Float64Array>()
  readonly #parts = new Map<string, Parts>()

  constructor(
    file: HeldFlows,
    window: Window,
    { predicate, kept }: { predicate: FlowPredicate | null; kept: PartsKept },
  ) {
    this.file = file
    this.#window = window
    this.#kept = kept
    this.rows = selectRows(file, window, predicate)
  }

  /** What of each flow falls into the window. */
  shares(field: FieldName): Float64Array {
    const shares = this.#shares.get(field) ?? shareOf[field](this.file, this.rows, this.#window)
    this.#shares.set(field, shares)
    return shares
  }

  /** What of each flow falls into each step, in one piece where that is not too much, which is then kept. */
  *parts(spread: Spread): Iterable<Parts> {
    const key = JSON.stringify(spread)
    const kept = this.#parts.get(key)
    if (kept) yield kept
    else
      for (let n = 0; n < this.rows.length;) {
        const parts = spreadParts(this.file, this.rows, { ...spread, n })
        const isAll = parts.count === this.rows.length
        if (isAll && parts.amounts.length <= this.#kept.left) {
          this.#kept.left -= parts.amounts.length
          this.#parts.set(key, parts)
        }
        n += parts.count
        yield parts
      }
  }
}

function selectRows(
  { flows, first, last }: HeldFlows,
  window: Window,
  predicate: FlowPredicate | null,
): Int32Array {
  const { count } = flows
  const isIn = belongs[window.include]
  const passes = predicate === null ? null : new Uint8Array(count)
  if (passes) predicate!.matches(flows, count, passes)
  const rows = new Int32Array(count)
  let found = 0
  for (let row = 0; row < count; row++) {
    if (passes !== null && passes[row] === 0) continue
    if (isIn(first[row]!, last[row]!, window)) rows[found++] = row
  }
  return rows.slice(0, found)
}

const shareOf: Record<
  FieldName,
  (file: HeldFlows, rows: Int32Array, window: Window) => Float64Array
> = {
  bytes: (file, rows, window) => sharesOf(file.bytes, file, rows, window),
  packets: (file, rows, window) => sharesOf(file.packets, file, rows, window),
  flows: ({ first }, rows, { from, to }) =>
    made(rows, (row) => (first[row]! >= from && first[row]! < to ? 1 : 0)),
  active: ({ first, last }, rows, { from, to }) =>
    made(rows, (row) => activeWithin(first[row]!, last[row]!, from, to)),
}

function sharesOf(
  counts: Float64Array,
  { first, last }: HeldFlows,
  rows: Int32Array,
  { from, to }: Window,
): Float64Array {
  const shares = new Float64Array(rows.length)
  for (let n = 0; n < rows.length; n++) {
    const row = rows[n]!
    const isWhole = first[row]! >= from && last[row]! <= to
    shares[n] = isWhole
      ? counts[row]!
      : countWithin(counts[row]!, { first: first[row]!, last: last[row]! }, from, to)
  }
  return shares
}

function made(rows: Int32Array, of: (row: number) => number): Float64Array {
  const values = new Float64Array(rows.length)
  for (let n = 0; n < rows.length; n++) values[n] = of(rows[n]!)
  return values
}
