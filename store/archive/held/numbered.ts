/** Held flows with the number of their key, once for each end that the key counts. */
import { setImmediate as nextTurn } from 'node:timers/promises'

import type { NetworkSet } from '../../../flow/address.ts'
import type { End, Keys } from '../keys/keys.ts'
import { keysOfFile, Renumbering, type FileKeys } from './file-keys.ts'
import { KeyTable } from '../keys/key-table.ts'
import type { SelectedFlows } from './selected-flows.ts'
import type { HeldWindow } from './held-windows.ts'

/** A file's selected flows, counted for one end: for the nth, the number of its key in the table. */
export interface NumberedFlows {
  selected: SelectedFlows
  end: End
  /** −1 for flows that do not count. */
  numbers: Int32Array
}

export interface Numbered {
  parts: NumberedFlows[]
  table: KeyTable
}

const nothing = new Uint32Array(0)

/**
 * Numbers the keys of a window's flows, yielding to the event loop after each file. With
 * `onlyReported`, flows for which the exporter did not report the key's fields do not count.
 */
export async function numberFlows(
  window: HeldWindow,
  { keys, local, onlyReported }: { keys: Keys; local: NetworkSet; onlyReported: boolean },
): Promise<Numbered> {
  const table = new KeyTable(keys.names.length)
  const parts: NumberedFlows[] = []
  for (let i = 0; i < window.files.length; i++) {
    const selected = window.selected(i)
    const { file, rows } = selected
    for (const end of keys.ends) {
      if (keys.names.length === 0) {
        // All have the one empty key.
        table.numberOf(nothing, 0)
        parts.push({ selected, end, numbers: new Int32Array(rows.length) })
        continue
      }
      const column = onlyReported ? keys.reportedBy(end) : null
      const isReported = column === null ? null : file.flows[column]
      const numbers = renumber(
        keysOfFile(file, keys.columnDefinitions(end), local),
        { rows, isReported },
        table,
      )
      parts.push({ selected, end, numbers })
    }
    await nextTurn()
  }
  return { parts, table }
}

/** The numbers in `table` of the keys of some rows of a file; −1 where `isReported` is 0. */
function renumber(
  keys: FileKeys,
  { rows, isReported }: { rows: Int32Array; isReported: ArrayLike<number> | null },
  table: KeyTable,
): Int32Array {
  const renumbering = new Renumbering(keys.table, table)
  const numbers = new Int32Array(rows.length)
  for (let n = 0; n < rows.length; n++) {
    const row = rows[n]!
    numbers[n] =
      isReported !== null && isReported[row] === 0 ? -1 : renumbering.of(keys.numbers[row]!)
  }
  return numbers
}

/** The keys with the largest amounts, descending; ties by their columns. */
export function greatest(
  table: KeyTable,
  compare: (a: number, b: number) => number,
  limit: number,
): number[] {
  const isBefore = (a: number, b: number) => (compare(a, b) || table.compare(b, a)) > 0
  const found: number[] = []
  for (let number = 0; number < table.count; number++) {
    const isFull = found.length === limit
    if (isFull && (limit === 0 || isBefore(found[limit - 1]!, number))) continue
    if (isFull) found.pop()
    let [low, high] = [0, found.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isBefore(found[middle]!, number)) low = middle + 1
      else high = middle
    }
    found.splice(low, 0, number)
  }
  return found
}
