/**
 * Addresses by number: IPv4 ones, which most are, in a table of one word each beside the table of all, so that a
 * number is found in one place of memory.
 */
import { ipv4Marker } from '../../../flow/address.ts'
import type { KeyTable } from '../held/key-table.ts'

const slotsAtFirst = 1024

/** A column of addresses: its halves, two words a row each, the low one first. */
export interface AddressHalves {
  high: Uint32Array
  low: Uint32Array
}

export class AddressNumbers {
  readonly #table: KeyTable
  /** Of each slot an IPv4 address, as a signed word, and its number + 1; 0: free. */
  #slots = new Int32Array(2 * slotsAtFirst)
  #count = 0
  readonly #words = new Uint32Array(4)

  /** The numbers are those of a table whose keys are addresses, the high half first. */
  constructor(table: KeyTable) {
    this.#table = table
    const words = table.words()
    for (let number = 0; number < table.count; number++)
      if (isIPv4(words, 4 * number)) this.#add(words[4 * number + 2]! | 0, number)
  }

  /** Of the nth of the rows the number of its address, new where it was not met; with `isFinding`, −1 there. */
  number(
    { high, low }: AddressHalves,
    rows: Int32Array,
    { isFinding, out }: { isFinding: boolean; out: Int32Array },
  ): void {
    let slots = this.#slots
    let mask = slots.length - 2
    for (let n = 0; n < rows.length; n++) {
      const at = 2 * rows[n]!
      if ((high[at]! | high[at + 1]!) !== 0 || low[at + 1] !== ipv4Marker) {
        out[n] = this.#numberOf(high, low, at, isFinding)
        continue
      }
      const address = low[at]! | 0
      let slot = slotOf(address) & mask
      while (slots[slot + 1] !== 0 && slots[slot] !== address) slot = (slot + 2) & mask
      if (slots[slot + 1] !== 0) out[n] = slots[slot + 1]! - 1
      else if (isFinding) out[n] = -1
      else {
        out[n] = this.#newIPv4(address)
        slots = this.#slots
        mask = slots.length - 2
      }
    }
  }

  #newIPv4(address: number): number {
    this.#words.set([0, 0, address, ipv4Marker])
    const number = this.#table.numberOf(this.#words, 0)
    this.#add(address, number)
    return number
  }

  #numberOf(high: Uint32Array, low: Uint32Array, at: number, isFinding: boolean): number {
    const words = this.#words
    words[0] = high[at]!
    words[1] = high[at + 1]!
    words[2] = low[at]!
    words[3] = low[at + 1]!
    return isFinding ? this.#table.find(words, 0) : this.#table.numberOf(words, 0)
  }

  #add(address: number, number: number): void {
    if (4 * ++this.#count > this.#slots.length) this.#grow()
    put(this.#slots, address, number + 1)
  }

  #grow(): void {
    const before = this.#slots
    this.#slots = new Int32Array(4 * before.length)
    for (let slot = 0; slot < before.length; slot += 2)
      if (before[slot + 1] !== 0) put(this.#slots, before[slot]!, before[slot + 1]!)
  }
}

function put(slots: Int32Array, address: number, numberAndOne: number): void {
  const mask = slots.length - 2
  let slot = slotOf(address) & mask
  while (slots[slot + 1] !== 0) slot = (slot + 2) & mask
  slots[slot] = address
  slots[slot + 1] = numberAndOne
}

function slotOf(address: number): number {
  const hash = Math.imul(address, 0x9e3779b1)
  return hash ^ (hash >>> 15)
}

function isIPv4(words: Uint32Array, at: number): boolean {
  return (words[at]! | words[at + 1]!) === 0 && words[at + 3] === ipv4Marker
}
