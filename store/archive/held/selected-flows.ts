/** The flows of a held file that belong to a window and pass its filter, and their shares of it. */
import type { FilteredFlows, FlowPredicate } from '../../../flow/filter/predicate.ts'
import { activeWithin, countUpTo } from '../../../flow/spread.ts'
import type { FlowWindow, Include } from '../../flows.ts'
import type { FieldName } from '../../measurement.ts'
import type { HeldFlows, TimedFlows } from './held-files.ts'
import { ScratchMemory } from '../scratch-memory.ts'
import { layOut, spreadParts, type Layout, type Parts, type Spread } from './step-parts.ts'

/**
 * Bounds of a window's flows, unix ms: a flow belongs if it begins before firstTo and ends before
 * lastTo, and begins at or after firstFrom or ends at or after lastFrom.
 */
interface Bounds {
  firstFrom: number
  firstTo: number
  lastFrom: number
  lastTo: number
}

const never = Number.POSITIVE_INFINITY

/** Which flows belong to a window: see belongsSql. Times are integers, so the latest before to + 1 is `to`. */
const boundsOf: Record<Include, (window: { from: number; to: number }) => Bounds> = {
  any: ({ from, to }) => ({ firstFrom: from, firstTo: to, lastFrom: from + 1, lastTo: never }),
  start: ({ from, to }) => ({ firstFrom: from, firstTo: to, lastFrom: never, lastTo: never }),
  end: ({ from, to }) => ({ firstFrom: never, firstTo: never, lastFrom: from, lastTo: to }),
  within: ({ from, to }) => ({ firstFrom: from, firstTo: to, lastFrom: never, lastTo: to + 1 }),
}

type Window = Pick<FlowWindow, 'from' | 'to' | 'include'>

/** How many more parts may be kept. */
export interface PartsKept {
  left: number
}

export class SelectedFlows {
  readonly file: HeldFlows
  /** Rows of the file; results for the nth are at index n. */
  readonly rows: Int32Array
  readonly #window: Window
  readonly #kept: PartsKept
  readonly #shares = new Map<FieldName, Float64Array>()
  /** By steps, the layout of the flows if it fits in one piece; by field, its amounts. */
  readonly #layouts = new Map<string, Layout>()
  readonly #parts = new Map<string, Parts>()

  constructor(
    file: HeldFlows,
    window: Window,
    { predicate, kept }: { predicate: FlowPredicate | null; kept: PartsKept },
  ) {
    this.file = file
    this.#window = window
    this.#kept = kept
    const passing = predicate && passingRows(file.flows, predicate)
    this.rows = selectRows(file, window, passing).slice()
  }

  /** Each flow's share of the window. */
  shares(field: FieldName): Float64Array {
    const known = this.#shares.get(field)
    if (known) return known
    const shares = new Float64Array(this.rows.length)
    putShares[field](this.file, this.rows, this.#window, shares)
    this.#shares.set(field, shares)
    return shares
  }

  /** Each flow's amount by step, in one piece if not too large, which is then kept. */
  *parts(spread: Spread): Iterable<Parts> {
    const { from, to, stepMs, field } = spread
    const steps = JSON.stringify([from, to, stepMs])
    const key = `${steps}${field}`
    const kept = this.#parts.get(key)
    if (kept) yield kept
    else
      for (let n = 0; n < this.rows.length;) {
        const known = this.#layouts.get(steps)
        const layout = known ?? layOut(this.file, this.rows, n, spread)
        const parts = spreadParts(this.file, this.rows, layout, spread)
        if (layout.count === this.rows.length && layout.parts <= this.#kept.left) {
          this.#kept.left -= layout.parts
          this.#layouts.set(steps, layout)
          this.#parts.set(key, parts)
        }
        n += layout.count
        yield parts
      }
  }
}

const scratch = new ScratchMemory<'passes' | 'passing' | 'rows'>()
/** This many rows are skipped at once if none passes. */
const wordRows = 4

/** Rows of the flows that pass a filter; valid until the next call. */
export function passingRows(flows: FilteredFlows, predicate: FlowPredicate): Int32Array {
  const { count } = flows
  const words = Math.ceil(count / wordRows)
  const buffer = scratch.of('passes', wordRows * words)
  const passes = new Uint8Array(buffer, 0, wordRows * words)
  const passesByWord = new Uint32Array(buffer, 0, words)
  // Rows beyond the last do not pass.
  passesByWord[words - 1] = 0
  predicate.test(flows, count, passes)
  // Written without a branch, which is one entry too many.
  const rows = new Int32Array(scratch.of('passing', 4 * (count + 1)), 0, count + 1)
  let found = 0
  for (let word = 0; word < words; word++) {
    if (passesByWord[word] === 0) continue
    // Which rows pass cannot be predicted.
    for (let row = wordRows * word; row < wordRows * (word + 1); row++) {
      rows[found] = row
      found += passes[row]!
    }
  }
  return rows.subarray(0, found)
}

/** Those of the `candidates`, ascending, that belong to a window, or of all flows; valid until the next call. */
export function selectRows(
  { flows: { count }, first, last }: TimedFlows,
  window: Window,
  candidates: Int32Array | null,
): Int32Array {
  // Loops over flows pass no times to calls: until a call is inlined, each time would be boxed.
  const { firstFrom, firstTo, lastFrom, lastTo } = boundsOf[window.include](window)
  const length = candidates?.length ?? count
  const rows = new Int32Array(scratch.of('rows', 4 * length), 0, length)
  let found = 0
  for (let n = 0; n < length; n++) {
    const row = candidates === null ? n : candidates[n]!
    const begin = first[row]!
    const end = last[row]!
    if (begin < firstTo && end < lastTo && (begin >= firstFrom || end >= lastFrom))
      rows[found++] = row
  }
  return rows.subarray(0, found)
}

/** Writes the share of each of these rows that falls into a window. */
export const putShares: Record<
  FieldName,
  (file: TimedFlows, rows: Int32Array, window: Window, shares: Float64Array) => void
> = {
  bytes: (file, rows, window, shares) => putSpread(file.bytes, file, { rows, window, shares }),
  packets: (file, rows, window, shares) => putSpread(file.packets, file, { rows, window, shares }),
  flows: ({ first }, rows, { from, to }, shares) => {
    for (let n = 0; n < rows.length; n++) {
      const begin = first[rows[n]!]!
      shares[n] = begin >= from && begin < to ? 1 : 0
    }
  },
  active: ({ first, last }, rows, { from, to }, shares) => {
    for (let n = 0; n < rows.length; n++)
      shares[n] = activeWithin(first[rows[n]!]!, last[rows[n]!]!, from, to)
  },
}

function putSpread(
  counts: Float64Array,
  { first, last }: TimedFlows,
  {
    rows,
    window: { from, to },
    shares,
  }: { rows: Int32Array; window: Window; shares: Float64Array },
): void {
  for (let n = 0; n < rows.length; n++) {
    const row = rows[n]!
    const count = counts[row]!
    const begin = first[row]!
    const end = last[row]!
    shares[n] =
      begin >= from && end <= to
        ? count
        : countUpTo(count, begin, end, to) - countUpTo(count, begin, end, from)
  }
}
