/** Numbers the keys of flows, one row group at a time. */
import type { NetworkSet } from '../../../flow/address.ts'
import type { FlowColumns } from '../../../flow/columns.ts'
import type { AddressColumn } from '../../../flow/filter/fields.ts'
import { KeyTable } from '../keys/key-table.ts'
import type { KeyColumn } from '../keys/key-columns.ts'
import { KeyWords } from '../keys/key-words.ts'
import type { End, Keys } from '../keys/keys.ts'
import { ScratchMemory } from '../scratch-memory.ts'
import type { KeyValues } from './requests.ts'
import { AddressNumbers } from './address-numbers.ts'
import { bucketOf } from './key-buckets.ts'
import type { SelectedGroup } from './selected-group.ts'

/** In place of a number if the exporter did not report the key's fields. */
export const notReported = -2

const scratch = new ScratchMemory<'numbers'>()

export class KeyNumbers {
  readonly table: KeyTable
  readonly #keys: Keys
  readonly #onlyReported: boolean
  readonly #among: Uint8Array | null
  readonly #words: KeyWords
  #addresses: AddressNumbers

  /**
   * With `onlyReported`, flows whose exporter did not report the key's fields are `notReported`; with
   * `among`, keys of unmarked buckets are −1.
   */
  constructor(
    keys: Keys,
    {
      local,
      onlyReported = false,
      among,
    }: { local: NetworkSet; onlyReported?: boolean; among?: Uint8Array | undefined },
  ) {
    this.#keys = keys
    this.#among = among ?? null
    this.#onlyReported = onlyReported
    this.table = new KeyTable(keys.names.length)
    this.#words = new KeyWords(this.table.width, local)
    this.#addresses = new AddressNumbers(this.table)
  }

  /** Numbers the given keys, starting with 0. Null is the one empty key. */
  add(keys: KeyValues | null): void {
    const count = keys === null ? 1 : keys[0]!.length
    for (let at = 0; at < count; at++)
      this.table.numberOfValues((keys ?? []).map((column) => column[at]!))
    this.#addresses = new AddressNumbers(this.table)
  }

  /** For the nth flow, counted for one end, the number of its key. Valid until the next call. */
  of(selected: SelectedGroup, end: End): Int32Array {
    return this.#each(selected, end, false)
  }

  /** The same, but −1 for keys without a number. */
  found(selected: SelectedGroup, end: End): Int32Array {
    return this.#each(selected, end, true)
  }

  #each({ group, rows }: SelectedGroup, end: End, isFinding: boolean): Int32Array {
    const { flows } = group
    const out = new Int32Array(scratch.of('numbers', 4 * rows.length), 0, rows.length)
    const columns = this.#keys.columnDefinitions(end)
    const address = addressOf(columns)
    const reportedBy = this.#onlyReported ? this.#keys.reportedBy(end) : null
    const reported = reportedBy && flows[reportedBy]
    if (address === null || this.#among)
      this.#numberWords(flows, rows, { columns, reported, isFinding, out })
    else this.#addresses.number(group.addresses(address), rows, { isFinding, out })
    return out
  }

  #numberWords(
    flows: FlowColumns,
    rows: Int32Array,
    {
      columns,
      reported,
      isFinding,
      out,
    }: {
      columns: readonly KeyColumn[]
      reported: Uint32Array | null
      isFinding: boolean
      out: Int32Array
    },
  ): void {
    const { table } = this
    const { width } = table
    const among = this.#among
    let number = -1
    this.#words.forEach({ flows, rows, columns }, (words, block, from) => {
      for (let n = 0, at = 0; n < block.length; n++, at += width) {
        if (reported !== null && reported[block[n]!] === 0) {
          out[from + n] = notReported
          continue
        }
        // Sorted neighbours often have the same key.
        if (n === 0 || !isAsBefore(words, at, width)) {
          const isAmong = among === null || among[bucketOf(words, at, width)] === 1
          number = !isAmong ? -1 : isFinding ? table.find(words, at) : table.numberOf(words, at)
        }
        out[from + n] = number
      }
    })
  }
}

/** The address that makes up the key; null if it is not just an address. */
function addressOf([high, low, more]: readonly KeyColumn[]): AddressColumn | null {
  const isAddress = high?.kind === 'half' && low?.kind === 'half' && more === undefined
  return isAddress && high.column === low.column ? high.column : null
}

function isAsBefore(words: Uint32Array, at: number, width: number): boolean {
  for (let word = at; word < at + width; word++)
    if (words[word] !== words[word - width]) return false
  return true
}
