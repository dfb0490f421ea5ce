/**
 * The keys of a held file's flows by number, computed once per requested grouping, since a page
 * queries the same file again and again (another measure, another window, a filter).
 */
import type { NetworkSet } from '../../../flow/address.ts'
import type { KeyColumn } from '../keys/key-columns.ts'
import { KeyWords } from '../keys/key-words.ts'
import type { HeldFlows } from './held-files.ts'
import { KeyTable } from '../keys/key-table.ts'

/** The keys in a file, and by row the number of its key. */
export interface FileKeys {
  table: KeyTable
  numbers: Int32Array
}

/** Groupings kept per file, four bytes per row each: a page uses ten. */
const keptMax = 12
const kept = new WeakMap<HeldFlows, Map<string, FileKeys>>()

/** The keys of a file made of these columns. `local` must be the same on every call. */
export function keysOfFile(
  file: HeldFlows,
  columns: readonly KeyColumn[],
  local: NetworkSet,
): FileKeys {
  const ofFile = kept.get(file) ?? new Map<string, FileKeys>()
  kept.set(file, ofFile)
  const name = JSON.stringify(columns)
  const keys = ofFile.get(name) ?? numberRows(file, columns, local)
  ofFile.delete(name)
  ofFile.set(name, keys)
  const [oldest] = ofFile.keys()
  if (ofFile.size > keptMax) ofFile.delete(oldest!)
  return keys
}

function numberRows(
  { flows }: HeldFlows,
  columns: readonly KeyColumn[],
  local: NetworkSet,
): FileKeys {
  const table = new KeyTable(columns.length)
  const numbers = new Int32Array(flows.count)
  const { width } = table
  const rows = new Int32Array(flows.count)
  for (let row = 0; row < rows.length; row++) rows[row] = row
  new KeyWords(width, local).forEach({ flows, rows, columns }, (words, block, from) => {
    for (let n = 0; n < block.length; n++) numbers[from + n] = table.numberOf(words, n * width)
  })
  return { table, numbers }
}

/** Maps a file's key numbers to those of a table shared by several files; −1: not yet added. */
export class Renumbering {
  readonly #from: KeyTable
  readonly #to: KeyTable
  readonly #known: Int32Array

  constructor(from: KeyTable, to: KeyTable) {
    this.#from = from
    this.#to = to
    this.#known = new Int32Array(from.count).fill(-1)
  }

  of(number: number): number {
    const known = this.#known[number]!
    return known >= 0 ? known : (this.#known[number] = this.#to.numberLike(this.#from, number))
  }
}
