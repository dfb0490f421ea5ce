/** The flows of a row group that belong to a window and pass its filter, and their amounts. */
import type { FieldName } from '../../measurement.ts'
import { putShares, selectRows } from '../held/selected-flows.ts'
import { ScratchMemory } from '../scratch-memory.ts'
import type { KeyedPredicate, PassingRows } from './passing-rows.ts'
import type { ScannedWindow } from './requests.ts'
import { rowsUpTo, type RowGroup } from './row-group.ts'

/** Amounts of flows: the nth at index n, or at its row. */
export interface Counts {
  values: Float64Array
  isByRow: boolean
}

/** Which flows of a row group are selected; `filter` null for all. */
interface Selection {
  window: ScannedWindow
  filter: KeyedPredicate | null
  isInside: boolean
}

const scratch = new ScratchMemory<FieldName>()

export class SelectedGroup {
  readonly group: RowGroup
  /** Rows of the group; results for the nth are at index n. Valid until another group is read. */
  readonly rows: Int32Array
  readonly #window: ScannedWindow
  /** Whether no flow of the group extends beyond the window, so that times need not be checked. */
  readonly isInside: boolean
  readonly #counts: { bytes?: Counts; packets?: Counts } = {}

  private constructor(
    group: RowGroup,
    rows: Int32Array,
    { window, isInside }: { window: ScannedWindow; isInside: boolean },
  ) {
    this.group = group
    this.rows = rows
    this.#window = window
    this.isInside = isInside
  }

  /** The flows of a group; `isInside` if all of them are known to lie within the window. */
  static select(
    group: RowGroup,
    { window, filter, isInside }: Selection,
    passingRows: PassingRows,
  ): SelectedGroup {
    // In sorted files, the rows that pass a filter are mostly adjacent.
    const passing = filter && passingRows.restrict(group, filter)
    const isAll = isInside || passing?.length === 0
    const rows = isAll
      ? (passing ?? rowsUpTo(group.flows.count))
      : group.narrowTo(selectRows(group, window, passing))
    return new SelectedGroup(group, rows, { window, isInside })
  }

  /** The rows, except those for which `numbers` has `number`. */
  without(numbers: Int32Array, number: number): Int32Array {
    return this.rows.filter((_, n) => numbers[n] !== number)
  }

  /** Each flow's share of the window; valid until another group is read. */
  shares(field: FieldName): Counts {
    const isWhole = this.isInside && (field === 'bytes' || field === 'packets')
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
