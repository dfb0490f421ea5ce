/** Held flows with the number of their key, once for each end that the key counts. */
import { setImmediate as nextTurn } from 'node:timers/promises'

import type { NetworkSet } from '../../../flow/address.ts'
import { compilePredicate } from '../../../flow/filter/predicate.ts'
import type { FlowWindow } from '../../flows.ts'
import { fillKeyColumn, type KeyColumn } from '../key-columns.ts'
import type { End, Keys } from '../keys.ts'
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

/** Rows whose keys are made at once: as many as stay in the nearest cache. */
const blockRows = 4096

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
      const numbers = new Int32Array(rows.length)
      forEachBlock(keys.made(end), { file, rows }, local, (words, from, count) =>
        table.number(words, numbers.subarray(from, from + count)),
      )
      parts.push({ file, rows, end, numbers })
    }
    await nextTurn()
    window.signal?.throwIfAborted()
  }
  return { parts, table }
}

/**
 * Calls back with the columns of some rows at a time: their words side by side (see KeyTable), which are
 * good until the next call, the place of the first of them and how many they are.
 */
export function forEachBlock(
  columns: readonly KeyColumn[],
  { file, rows }: Pick<NumberedFlows, 'file' | 'rows'>,
  local: NetworkSet,
  visit: (words: Uint32Array, from: number, count: number) => void,
): void {
  const width = 2 * columns.length
  const words = new Uint32Array(Math.min(blockRows, rows.length) * width)
  for (let from = 0; from < rows.length; from += blockRows) {
    const block = rows.subarray(from, from + blockRows)
    columns.forEach((column, i) =>
      fillKeyColumn(column, file.flows, { rows: block, local }, { words, width, at: 2 * i }),
    )
    visit(words, from, block.length)
  }
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
