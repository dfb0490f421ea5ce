/** Held flows with the number of their key, once for each end that the key counts. */
import { setImmediate as nextTurn } from 'node:timers/promises'

import type { NetworkSet } from '../../../flow/address.ts'
import { compilePredicate } from '../../../flow/filter/predicate.ts'
import type { FlowWindow } from '../../flows.ts'
import type { End, Keys } from '../keys.ts'
import { keysOfFile, Renumbering, type FileKeys } from './file-keys.ts'
import { KeyTable } from './key-table.ts'
import type { HeldFlows } from './held-files.ts'
import { selectRows } from './selected.ts'

/** A file's selected rows as they count for one end; `numbers` are those of their keys in the table. */
export interface NumberedFlows {
  file: HeldFlows
  rows: Int32Array
  end: End
  numbers: Int32Array
}

export interface Numbered {
  parts: NumberedFlows[]
  table: KeyTable
}

/**
 * Selects and numbers the flows of files, giving others a turn after each. With `onlySaid`, flows whose
 * exporter did not say what the key asks for are left out.
 */
export async function numberFlows(
  files: readonly HeldFlows[],
  window: FlowWindow,
  { keys, local, onlySaid }: { keys: Keys; local: NetworkSet; onlySaid: boolean },
): Promise<Numbered> {
  const predicate = window.filter ? compilePredicate(window.filter) : null
  const table = new KeyTable(keys.names.length)
  const parts: NumberedFlows[] = []
  for (const file of files) {
    const all = selectRows(file, window, predicate)
    for (const end of keys.ends) {
      const said = onlySaid ? keys.saidBy(end) : null
      const rows = said === null ? all : all.filter((row) => file.flows[said][row] !== 0)
      const numbers = renumber(keysOfFile(file, keys.made(end), local), rows, table)
      parts.push({ file, rows, end, numbers })
    }
    await nextTurn()
    window.signal?.throwIfAborted()
  }
  return { parts, table }
}

/** The numbers in `table` of the keys of some rows of a file. */
export function renumber(keys: FileKeys, rows: Int32Array, table: KeyTable): Int32Array {
  const renumbering = new Renumbering(keys.table, table)
  const numbers = new Int32Array(rows.length)
  for (let n = 0; n < rows.length; n++) numbers[n] = renumbering.of(keys.numbers[rows[n]!]!)
  return numbers
}

/** The keys with most of something, the greatest first; equals by their columns. */
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
