/** The flows of a row group that belong to a window and pass its filter, and what of them is counted. */
import type { FlowPredicate } from '../../../flow/filter/predicate.ts'
import type { FieldName } from '../../measurement.ts'
import { putShares, selectRows } from '../held/selected.ts'
import { ScratchMemory } from '../scratch-memory.ts'
import type { ScannedWindow } from './asked.ts'
import type { RowGroup } from './row-group.ts'

/** 0, 1, 2 … as far as a row group was long. */
let everyRow = new Int32Array(0)

function rowsUpTo(count: number): Int32Array {
  if (everyRow.length < count) everyRow = Int32Array.from({ length: count }, (_, row) => row)
  return everyRow.subarray(0, count)
}

/** What is counted of flows: of the nth at n, or at its row. */
export interface Counts {
  values: Float64Array
  isByRow: boolean
}

const scratch = new ScratchMemory<FieldName>()

export class SelectedGroup {
  readonly group: RowGroup
  /** Rows of the group; what is told of the nth of them stands at n. Good until another group is read. */
  readonly rows: Int32Array
  readonly #window: ScannedWindow
  /** Whether none of the group's flows reaches beyond the window, so that nobody need ask when they were. */
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

  /** The flows of a group; `isInside` where all of them are known to lie within the window. */
  static select(
    group: RowGroup,
    {
      window,
      predicate,
      isInside,
    }: { window: ScannedWindow; predicate: FlowPredicate | null; isInside: boolean },
  ): SelectedGroup {
    const rows = isInside ? passing(group, predicate) : selectRows(group, window, predicate)
    // Sorted files have together what passes most filters.
    if (rows.length > 0) group.narrowTo(rows)
    return new SelectedGroup(group, rows, { window, isInside })
  }

  /** Its rows without those at whose n `numbers` has a number. */
  without(numbers: Int32Array, number: number): Int32Array {
    return this.rows.filter((_, n) => numbers[n] !== number)
  }

  /** What of each flow falls into the window; good until another group is read. */
  shares(field: FieldName): Counts {
    const isWhole = this.#isInside && (field === 'bytes' || field === 'packets')
    if (isWhole) return { values: this.group[field], isByRow: true }
    const { length } = this.rows
    const values = new Float64Array(scratch.of(field, 8 * length), 0, length)
    putShares[field](this.group, this.rows, this.#window, values)
    return { values, isByRow: false }
  }

  /** What counts of each flow: its share of the window, or all of it where only flows of one kind belong. */
  counts(field: 'bytes' | 'packets'): Counts {
    const isShare = this.#window.include === 'any'
    return (this.#counts[field] ??= isShare
      ? this.shares(field)
      : { values: this.group[field], isByRow: true })
  }
}

/** So many rows are passed over at once where none of them passes. */
const wordRows = 4

/** Which rows of a group pass, and these; used again from group to group. */
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
    // Which of them passes no processor could foresee: so there is no branch.
    for (let row = wordRows * word; row < wordRows * (word + 1); row++) {
      passingRows[found] = row
      found += passes[row]!
    }
  }
  return passingRows.subarray(0, passed)
}
