/**
 * A bounded cache of the flows that pass a filter: a host's page asks several questions about the same
 * flows, and again as it goes on, zooms or moves. Finding them takes most of the time of each.
 */
import type { FlowPredicate } from '../../../flow/filter/predicate.ts'
import { columnArrays } from '../columns.ts'
import type { Values } from '../format/page-values.ts'
import { passingRows } from '../held/selected-flows.ts'
import { KeptByGroup } from './kept-by-group.ts'
import { kindOf } from './read-columns.ts'
import type { RowGroup } from './row-group.ts'

/** Flows are kept if at most one in this many of a row group passes. */
const rowsPerPassing = 16
/** What a list of rows or a column takes beside its values. */
const overheadBytes = 200

/** A filter, compiled, and a text that is equal for equal filters. */
export interface KeyedPredicate {
  key: string
  predicate: FlowPredicate
}

/** Some rows of a row group, and their values in the columns read so far. */
export class KeptRows {
  readonly rows: Int32Array
  readonly #reserve: (bytes: number) => boolean
  /** By place of the column, the nth row's value at index n. */
  readonly #columns: (Values | undefined)[] = []

  /** `reserve` tells whether so many bytes may be kept. */
  constructor(rows: Int32Array, reserve: (bytes: number) => boolean) {
    this.rows = rows
    this.#reserve = reserve
  }

  /** The values of the rows in a column; `copy` writes them if they are not known. */
  column(place: number, copy: (rows: Int32Array, values: Values) => void): Values {
    const known = this.#columns[place]
    if (known) return known
    const [kind, { length }] = [kindOf(place), this.rows]
    const values = new columnArrays[kind](kind === 'u64' ? 2 * length : length)
    copy(this.rows, values)
    if (this.#reserve(values.byteLength + overheadBytes)) this.#columns[place] = values
    return values
  }
}

export class PassingRows {
  readonly #kept: KeptByGroup<KeptRows>

  constructor(bytesMax: number) {
    this.#kept = new KeptByGroup(bytesMax)
  }

  /** The size of everything kept. */
  get bytes(): number {
    return this.#kept.bytes
  }

  /**
   * Restricts a row group, just turned to, to the rows that pass. Returns their places in its
   * columns, ascending: not to be changed, and valid until another group is read.
   */
  restrict(group: RowGroup, { key, predicate }: KeyedPredicate): Int32Array {
    const known = this.#kept.get(key, group.name)
    if (known) return group.compactTo(known)
    const rows = passingRows(group.flows, predicate)
    if (rows.length * rowsPerPassing > group.flows.count) return group.narrowTo(rows)
    const kept = new KeptRows(rows.slice(), (bytes) => this.#kept.reserve(key, bytes))
    const isKept = this.#kept.set(key, group.name, kept, rows.byteLength + overheadBytes)
    return isKept ? group.compactTo(kept) : group.narrowTo(rows)
  }
}
