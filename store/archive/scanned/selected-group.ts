/** The flows of a row group that belong to a window and pass its filter, and their amounts. */
import type { FlowPredicate } from '../../../flow/filter/predicate.ts'
import type { FieldName } from '../../measurement.ts'
import { putShares, selectRows } from '../held/selected-flows.ts'
import { ScratchMemory } from '../scratch-memory.ts'
import type { ScannedWindow } from './requests.ts'
import type { RowGroup } from './row-group.ts'

/** 0, 1, 2 … up to the longest row group so far. */
let everyRow = new Int32Array(0)

function rowsUpTo(count: number): Int32Array {
  if (everyRow.length < count) everyRow = Int32Array.from({ length: count }, (_, row) => row)
  return everyRow.subarray(0, count)
}

/** Amounts of flows: the nth at index n, or at its row. */
export interface Counts {
  values: Float64Array
  isByRow: boolean
}

const scratch = new ScratchMemory<FieldName>()

export class SelectedGroup {
  readonly group: RowGroup
  /** Rows of the group; results for the nth are at index n. Valid until another group is read. */
  readonly rows: Int32Array
  readonly #window: ScannedWindow
  /** Whether no flow of the group extends beyond the window, so that times need not be checked. */
  readonly #isInside: boolean
  readonly #counts: { bytes?: Counts; packets?: Counts } = {}

  private constructor(
    group: RowGroup,
    rows: Int32Array,
    { window, isInside }: { window: ScannedWindow; isInside: boolean },
  ) {
    this.group = group
    this.rows = rows
    this.#window = window
    this.#isInside = isInside
  }

  /** The flows of a group; `isInside` if all of them are known to lie within the window. */
  static select(
    group: RowGroup,
    {
      window,
      predicate,
      isInside,
    }: { window: ScannedWindow; predicate: FlowPredicate | null; isInside: boolean },
  ): SelectedGroup {
    const rows = isInside ? passing(group, predicate) : selectRows(group, window, predicate)
    // In sorted files, the rows that pass a filter are mostly adjacent.
    if (rows.length > 0) group.narrowTo(rows)
    return new SelectedGroup(group, rows, { window, isInside })
  }

  /** The rows, except those for which `numbers` has `number`. */
  without(numbers: Int32Array, number: number): Int32Array {
    return this.rows.filter((_, n) => numbers[n] !== number)
  }

  /** Each flow's share of the window; valid until another group is read. */
  shares(field: FieldName): Counts {
    const isWhole = this.#isInside && (field === 'bytes' || field === 'packets')
    if (isWhole) return { values: this.group[field], isByRow: true }
    const { length } = this.rows
    const values = new Float64Array(scratch.of(field, 8 * length), 0, length)
    putShares[field](this.group, this.rows, this.#window, values)
    return { values, isByRow: false }
  }

  /** The amount that counts for each flow: its share of the window if any overlap belongs, else all of it. */
  counts(field: 'bytes' | 'packets'): Counts {
    const isShare = this.#window.include === 'any'
    return (this.#counts[field] ??= isShare
      ? this.shares(field)
      : { values: this.group[field], isByRow: true })
  }
}

/** This many rows are skipped at once if none passes. */
const wordRows = 4

/** The rows of a group that pass; reused from group to group. */
let passes = new Uint8Array(0)
let passesByWord = new Uint32Array(0)
let passingRows = new Int32Array(0)

function passing({ flows }: RowGroup, predicate: FlowPredicate | null): Int32Array {
  const { count } = flows
  if (predicate === null) return rowsUpTo(count)
  if (passingRows.length < count) {
    passesByWord = new Uint32Array(Math.ceil(count / wordRows))
    passes = new Uint8Array(passesByWord.buffer)
    passingRows = new Int32Array(count)
  }
  const passed = predicate.matches(flows, count, passes)
  if (passed === 0) return passingRows.subarray(0, 0)
  let found = 0
  for (let word = 0; found < passed; word++) {
    if (passesByWord[word] === 0) continue
    // Branch-free: which rows pass cannot be predicted.
    for (let row = wordRows * word; row < wordRows * (word + 1); row++) {
      passingRows[found] = row
      found += passes[row]!
    }
  }
  return passingRows.subarray(0, passed)
}
