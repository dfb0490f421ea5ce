/** Finds a few addresses among those of all flows. */
import type { AddressWords } from '../../address.ts'

/** A small set of addresses with open addressing: looked up for both ends of every flow. */
export class AddressIndex {
  readonly #slots: Int16Array
  readonly #words: Uint32Array
  readonly #mask: number

  constructor(addresses: readonly AddressWords[]) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(16, addresses.length * 4)))
    this.#mask = size - 1
    this.#slots = new Int16Array(size).fill(-1)
    this.#words = Uint32Array.from(addresses.flat())
    for (const [place, words] of addresses.entries()) {
      let slot = hashWords(...words) & this.#mask
      while (this.#slots[slot] !== -1) slot = (slot + 1) & this.#mask
      this.#slots[slot] = place
    }
  }

  /** The index of the address in row `i` of two columns of halves, or −1. */
  at(high: Uint32Array, low: Uint32Array, i: number): number {
    const [w0, w1, w2, w3] = [high[2 * i + 1]!, high[2 * i]!, low[2 * i + 1]!, low[2 * i]!]
    const words = this.#words
    for (let slot = hashWords(w0, w1, w2, w3) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const place = this.#slots[slot]!
      if (place === -1) return -1
      const at = 4 * place
      if (words[at + 3] === w3 && words[at + 2] === w2 && words[at + 1] === w1 && words[at] === w0)
        return place
    }
  }
}

/** A 32-bit hash of an address. */
export function hashWords(w0: number, w1: number, w2: number, w3: number): number {
  let mixed = Math.imul(w3, 0x9e3779b1) ^ Math.imul(w1 + 1, 0x85ebca6b)
  mixed ^= Math.imul(w0, 0xc2b2ae35) ^ w2
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d)
  return (mixed ^ (mixed >>> 13)) >>> 0
}
