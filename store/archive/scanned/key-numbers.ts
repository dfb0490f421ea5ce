/** The keys of flows by number, a row group after the other. */
import type { NetworkSet } from '../../../flow/address.ts'
import type { FlowColumns } from '../../../flow/columns.ts'
import type { AddressColumn } from '../../../flow/filter/fields.ts'
import { KeyTable } from '../held/key-table.ts'
import { fillKeyColumn, type KeyColumn } from '../key-columns.ts'
import type { End, Keys } from '../keys.ts'
import type { KeyValues } from './asked.ts'
import { AddressNumbers } from './address-numbers.ts'
import type { SelectedGroup } from './selected-group.ts'

/** Stands for the number of a key of which the exporter said nothing. */
export const unsaid = -2

/** Rows whose keys are made at once: as many as stay in the nearest cache. */
const blockRows = 4096

export class KeyNumbers {
  readonly table: KeyTable
  readonly #keys: Keys
  readonly #local: NetworkSet
  readonly #onlySaid: boolean
  readonly #words: Uint32Array
  #addresses: AddressNumbers
  #numbers = new Int32Array(0)

  /** With `onlySaid`, flows whose exporter did not say what the key asks for are `unsaid`. */
  constructor(keys: Keys, { local, onlySaid = false }: { local: NetworkSet; onlySaid?: boolean }) {
    this.#keys = keys
    this.#local = local
    this.#onlySaid = onlySaid
    this.table = new KeyTable(keys.names.length)
    this.#words = new Uint32Array(blockRows * this.table.width)
    this.#addresses = new AddressNumbers(this.table)
  }

  /** Numbers the keys that are looked for: the first is 0. Null is the one key that is none. */
  add(keys: KeyValues | null): void {
    const count = keys === null ? 1 : keys[0]!.length
    for (let at = 0; at < count; at++)
      this.table.numberOfValues((keys ?? []).map((column) => column[at]!))
    this.#addresses = new AddressNumbers(this.table)
  }

  /** Of the nth flow as it counts for one end the number of its key. Good until the next are made. */
  of(selected: SelectedGroup, end: End): Int32Array {
    return this.#each(selected, end, false)
  }

  /** The same of keys that have a number; −1 for all others. */
  found(selected: SelectedGroup, end: End): Int32Array {
    return this.#each(selected, end, true)
  }

  #each({ group, rows }: SelectedGroup, end: End, isFinding: boolean): Int32Array {
    const { flows } = group
    if (this.#numbers.length < rows.length) this.#numbers = new Int32Array(flows.count)
    const out = this.#numbers.subarray(0, rows.length)
    const columns = this.#keys.made(end)
    const address = addressOf(columns)
    const saidBy = this.#onlySaid ? this.#keys.saidBy(end) : null
    const said = saidBy && flows[saidBy]
    if (address === null) this.#numberWords(flows, rows, { columns, said, isFinding, out })
    else this.#addresses.number(group.addresses(address), rows, { isFinding, out })
    return out
  }

  #numberWords(
    flows: FlowColumns,
    rows: Int32Array,
    { columns, said, isFinding, out }: { columns: readonly KeyColumn[]; said: Uint32Array | null; isFinding: boolean; out: Int32Array }, // prettier-ignore
  ): void {
    const words = this.#words
    const { table } = this
    const { width } = table
    const local = this.#local
    let number = -1
    for (let from = 0; from < rows.length; from += blockRows) {
      const block = rows.subarray(from, Math.min(from + blockRows, rows.length))
      columns.forEach((column, i) =>
        fillKeyColumn(column, flows, { rows: block, local }, { words, width, at: 2 * i }),
      )
      for (let n = 0, at = 0; n < block.length; n++, at += width) {
        if (said !== null && said[block[n]!] === 0) {
          out[from + n] = unsaid
          continue
        }
        // Neighbours are alike in what they are sorted by.
        if (n === 0 || !isAsBefore(words, at, width))
          number = isFinding ? table.find(words, at) : table.numberOf(words, at)
        out[from + n] = number
      }
    }
  }
}

/** The address that is the key; null where it is another. */
function addressOf([high, low, more]: readonly KeyColumn[]): AddressColumn | null {
  const isAddress = high?.kind === 'half' && low?.kind === 'half' && more === undefined
  return isAddress && high.column === low.column ? high.column : null
}

function isAsBefore(words: Uint32Array, at: number, width: number): boolean {
  for (let word = at; word < at + width; word++)
    if (words[word] !== words[word - width]) return false
  return true
}
