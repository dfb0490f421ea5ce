/** How many different addresses there were across from each key. */
import { ipv4Marker } from '../../../flow/address.ts'
import { KeyTable } from '../held/key-table.ts'
import type { AddressHalves } from './address-numbers.ts'

const slotsAtFirst = 1024
/** Columns of a pair in the table of those that are not IPv4: the key's place, and the address's halves. */
const pairColumns = 3

export interface PackedPeers {
  /** Of each pair two words: the IPv4 address as a signed word, and the key's place + 1; where that is 0, there is none. */
  slots: Int32Array
  /** Of other pairs the words of pairColumns. */
  others: Uint32Array
}

export class Peers {
  /** By the key's place. */
  readonly counts: Float64Array
  #slots = new Int32Array(2 * slotsAtFirst)
  #ipv4 = 0
  readonly #others = new KeyTable(pairColumns)
  readonly #words = new Uint32Array(2 * pairColumns)

  constructor(places: number) {
    this.counts = new Float64Array(places)
  }

  /** How many pairs it tells apart. */
  get pairs(): number {
    return this.#ipv4 + this.#others.count
  }

  /** Takes the address at a row for one across from a key. */
  add(place: number, { high, low }: AddressHalves, row: number): void {
    const at = 2 * row
    const isMapped = (high[at]! | high[at + 1]!) === 0 && low[at + 1] === ipv4Marker
    if (isMapped) this.#addIPv4(low[at]! | 0, place + 1)
    else this.#addOther(Uint32Array.of(place, 0, high[at]!, high[at + 1]!, low[at]!, low[at + 1]!), 0) // prettier-ignore
  }

  pack(): PackedPeers {
    return { slots: this.#slots, others: this.#others.words() }
  }

  merge({ slots, others }: PackedPeers): void {
    for (let slot = 0; slot < slots.length; slot += 2)
      if (slots[slot + 1] !== 0) this.#addIPv4(slots[slot]!, slots[slot + 1]!)
    for (let at = 0; at < others.length; at += this.#words.length) this.#addOther(others, at)
  }

  #addIPv4(address: number, placeAndOne: number): void {
    if (!put(this.#slots, address, placeAndOne)) return
    this.counts[placeAndOne - 1]! += 1
    if (4 * ++this.#ipv4 > this.#slots.length) this.#grow()
  }

  #addOther(words: Uint32Array, at: number): void {
    const known = this.#others.count
    this.#others.numberOf(words, at)
    if (this.#others.count > known) this.counts[words[at]!]! += 1
  }

  #grow(): void {
    const before = this.#slots
    this.#slots = new Int32Array(4 * before.length)
    for (let slot = 0; slot < before.length; slot += 2)
      if (before[slot + 1] !== 0) put(this.#slots, before[slot]!, before[slot + 1]!)
  }
}

/** Puts a pair into a free slot; false where it is there already. */
function put(slots: Int32Array, address: number, placeAndOne: number): boolean {
  const mask = slots.length - 2
  const hash = Math.imul(address ^ Math.imul(placeAndOne, 0x85ebca6b), 0x9e3779b1)
  let slot = (hash ^ (hash >>> 15)) & mask
  for (; slots[slot + 1] !== 0; slot = (slot + 2) & mask)
    if (slots[slot] === address && slots[slot + 1] === placeAndOne) return false
  slots[slot] = address
  slots[slot + 1] = placeAndOne
  return true
}
