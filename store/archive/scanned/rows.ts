/** Gathers the flows that pass a filter, with all columns that queries need. */
import {
  flowColumns,
  wordsPerRow,
  type ColumnName,
  type FlowColumns,
} from '../../../flow/columns.ts'
import { topKeys } from '../../flows.ts'
import { freeBuffer } from '../../process/freed-memory.ts'
import { columnArrays, sharedColumns } from '../columns.ts'
import { madeOf } from '../keys/key-columns.ts'
import { Keys } from '../keys/keys.ts'
import type { Scan } from './requests.ts'
import { copyNumbers, copyPairs } from './copy-rows.ts'
import type { Values } from '../format/page-values.ts'
import type { SelectedGroup } from './selected-group.ts'

const rowsAtFirst = 4096

/** The columns needed of flows in memory: times, counts, and everything that keys are made of. */
export const queriedColumns: ReadonlySet<ColumnName> = new Set([
  'flowStartMilliseconds',
  'flowEndMilliseconds',
  'octetDeltaCount',
  'packetDeltaCount',
  'samplingInterval',
  ...topKeys.flatMap((word) => {
    const keys = new Keys([word], [])
    return keys.ends.flatMap((end) =>
      keys.columnDefinitions(end).flatMap((column) => madeOf(column)),
    )
  }),
])

export class Rows implements Scan<FlowColumns[], FlowColumns[]> {
  /** The rows so far, with spare room, for columns that are not all 0. */
  readonly #columns = new Map<ColumnName, Values>()
  #count = 0
  readonly #others: FlowColumns[] = []

  /** The number of rows. */
  get keys(): number {
    return this.#count
  }

  take({ group, rows }: SelectedGroup): void {
    const before = this.#count
    this.#count += rows.length
    for (const name of queriedColumns) {
      if (group.isZero(name)) continue
      const words = wordsPerRow(name)
      const room = this.#reach(name).subarray(before * words)
      if (words === 2) copyPairs(group.flows[name] as Uint32Array, rows, room as Uint32Array)
      else copyNumbers(group.flows[name], rows, room)
    }
  }

  /** Nothing can be added afterwards. */
  pack(): FlowColumns[] {
    const count = this.#count
    if (count === 0) return []
    const shared = (name: ColumnName, rowBytes: number) => {
      const values = this.#columns.get(name)
      if (!values) return null
      const buffer = new SharedArrayBuffer(count * rowBytes)
      const length = Math.min(buffer.byteLength, values.byteLength)
      new Uint8Array(buffer).set(new Uint8Array(values.buffer, 0, length))
      freeBuffer(values)
      return buffer
    }
    return [sharedColumns(count, shared)]
  }

  merge(packed: FlowColumns[]): void {
    this.#others.push(...packed)
  }

  /** The flows of each thread, in memory shared between threads. */
  found(): FlowColumns[] {
    return [...this.pack(), ...this.#others]
  }

  #reach(name: ColumnName): Values {
    const known = this.#columns.get(name)
    const length = this.#count * wordsPerRow(name)
    if (known && known.length >= length) return known
    const room = new columnArrays[flowColumns[name].kind](Math.max(rowsAtFirst, 2 * length))
    if (known) {
      room.set(known)
      freeBuffer(known)
    }
    this.#columns.set(name, room)
    return room
  }
}
