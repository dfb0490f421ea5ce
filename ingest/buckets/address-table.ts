/** Numbered addresses, with open addressing like the tables of counts (see tables.ts). */
import { ipv4Marker } from '../../flow/address.ts'
import { freeBuffer } from '../../store/process/freed-memory.ts'
import { isFull, mix, slotsFor } from './tables.ts'

/** A slot of the general table: four words, most significant first, and the number + 1 (0: free). */
const addressWidth = 5
/**
 * A slot of the IPv4 table: the last word, and the number + 1. Most addresses are IPv4, and small
 * slots stay in the cache.
 */
const ipv4Width = 2

/** Numbers addresses 0, 1, 2 … in order of first appearance. */
export class AddressTable {
  count = 0
  #mask: number
  #slots: Uint32Array
  #ipv4Count = 0
  #ipv4Mask: number
  #ipv4Slots: Uint32Array

  /** Has room for `expected` addresses before it grows. */
  constructor(expected: AddressCounts = { all: 0, ipv4: 0 }) {
    this.#mask = slotsFor(expected.all - expected.ipv4) - 1
    this.#slots = new Uint32Array((this.#mask + 1) * addressWidth)
    this.#ipv4Mask = slotsFor(expected.ipv4) - 1
    this.#ipv4Slots = new Uint32Array((this.#ipv4Mask + 1) * ipv4Width)
  }

  /** The number of an address, or −1 if it is not in the table. */
  find(w0: number, w1: number, w2: number, w3: number): number {
    if (w2 === ipv4Marker && w1 === 0 && w0 === 0) return this.#findIpv4(w3)
    const slots = this.#slots
    let slot = (addressHash(w0, w1, w2, w3) & this.#mask) * addressWidth
    for (;;) {
      const held = slots[slot + 4]!
      if (held === 0) return -1
      if (
        slots[slot + 3] === w3 &&
        slots[slot + 2] === w2 &&
        slots[slot + 1] === w1 &&
        slots[slot] === w0
      )
        return held - 1
      slot += addressWidth
      if (slot === slots.length) slot = 0
    }
  }

  #findIpv4(w3: number): number {
    const slots = this.#ipv4Slots
    let slot = (ipv4Hash(w3) & this.#ipv4Mask) * ipv4Width
    for (;;) {
      const held = slots[slot + 1]!
      if (held === 0) return -1
      if (slots[slot] === w3) return held - 1
      slot += ipv4Width
      if (slot === slots.length) slot = 0
    }
  }

  /** Numbers a new address (four words). */
  add(address: readonly [number, number, number, number]): number {
    const [w0, w1, w2, w3] = address
    const number = this.count++
    if (w2 === ipv4Marker && w1 === 0 && w0 === 0) {
      if (isFull(++this.#ipv4Count, this.#ipv4Mask)) this.#growIpv4()
      this.#putIpv4(w3, number + 1)
    } else {
      if (isFull(this.count - this.#ipv4Count, this.#mask)) this.#grow()
      const slots = this.#slots
      const slot = this.#freeSlot(slots, addressHash(w0, w1, w2, w3))
      slots.set(address, slot)
      slots[slot + 4] = number + 1
    }
    return number
  }

  /** Four words per address, by number. */
  list(): Uint32Array {
    const words = new Uint32Array(this.count * 4)
    const slots = this.#slots
    for (let slot = 0; slot < slots.length; slot += addressWidth) {
      const number = slots[slot + 4]! - 1
      if (number >= 0) words.set(slots.subarray(slot, slot + 4), number * 4)
    }
    const ipv4 = this.#ipv4Slots
    for (let slot = 0; slot < ipv4.length; slot += ipv4Width) {
      const number = ipv4[slot + 1]! - 1
      if (number < 0) continue
      words[number * 4 + 2] = ipv4Marker
      words[number * 4 + 3] = ipv4[slot]!
    }
    return words
  }

  get counts(): AddressCounts {
    return { all: this.count, ipv4: this.#ipv4Count }
  }

  /** Frees its memory; not to be used afterwards. */
  free(): void {
    freeBuffer(this.#slots)
    freeBuffer(this.#ipv4Slots)
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#slots.byteLength + this.#ipv4Slots.byteLength
  }

  #freeSlot(slots: Uint32Array, hash: number): number {
    let slot = (hash & this.#mask) * addressWidth
    while (slots[slot + 4] !== 0)
      slot = slot + addressWidth === slots.length ? 0 : slot + addressWidth
    return slot
  }

  #grow(): void {
    const old = this.#slots
    this.#mask = this.#mask * 2 + 1
    const slots = new Uint32Array(old.length * 2)
    for (let from = 0; from < old.length; from += addressWidth) {
      if (old[from + 4] === 0) continue
      const hash = addressHash(old[from]!, old[from + 1]!, old[from + 2]!, old[from + 3]!)
      const to = this.#freeSlot(slots, hash)
      for (let word = 0; word < addressWidth; word++) slots[to + word] = old[from + word]!
    }
    this.#slots = slots
    freeBuffer(old)
  }

  #putIpv4(w3: number, numberPlus: number): void {
    const slots = this.#ipv4Slots
    let slot = (ipv4Hash(w3) & this.#ipv4Mask) * ipv4Width
    while (slots[slot + 1] !== 0) slot = slot + ipv4Width === slots.length ? 0 : slot + ipv4Width
    slots[slot] = w3
    slots[slot + 1] = numberPlus
  }

  #growIpv4(): void {
    const old = this.#ipv4Slots
    this.#ipv4Mask = this.#ipv4Mask * 2 + 1
    this.#ipv4Slots = new Uint32Array(old.length * 2)
    for (let from = 0; from < old.length; from += ipv4Width)
      if (old[from + 1] !== 0) this.#putIpv4(old[from]!, old[from + 1]!)
    freeBuffer(old)
  }
}

/** The addresses in a table, and how many of them are IPv4. */
interface AddressCounts {
  all: number
  ipv4: number
}

function ipv4Hash(w3: number): number {
  const h = Math.imul(w3, 0x9e3779b1)
  return (h ^ (h >>> 15)) >>> 0
}

function addressHash(w0: number, w1: number, w2: number, w3: number): number {
  return mix(w3 ^ w1, w2 ^ Math.imul(w0, 31))
}
