/**
 * Hash tables of the buckets: open addressing on typed arrays, because a Map of objects or strings
 * costs ten to fifty times as much per flow. A key and its sums lie side by side, so that counting a
 * flow waits for memory once.
 */

/** Slots at the start; tables double when half full. */
const slotsMin = 64
/** What a key counts: bytes, packets, flows, active. */
export const amountCount = 4

function mix(a: number, b: number): number {
  let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
  return (h ^ (h >>> 13)) >>> 0
}

function slotsFor(count: number): number {
  let slots = slotsMin
  while (slots < count * 2 + 1) slots *= 2
  return slots
}

/** How a table is laid out. */
export interface TableLayout {
  /** A key is two whole numbers a ≥ 0 and 0 < b < `codes`; a × codes stays under 2^53. */
  codes: number
  /** Times that a key counts all amounts: once for each direction, say. */
  ways?: number
  /** Keys there is room for before it grows. */
  expected?: number
}

/** Amounts by a key of two numbers. */
export class CountTable {
  count = 0
  /** Where `place` points: the amounts of each way in turn. It changes as the table grows. */
  slots: Float64Array
  readonly #codes: number
  readonly #width: number
  #mask: number

  constructor({ codes, ways = 1, expected = 0 }: TableLayout) {
    this.#codes = codes
    this.#width = 1 + amountCount * ways
    const slots = slotsFor(expected)
    this.#mask = slots - 1
    this.slots = new Float64Array(slots * this.#width)
  }

  /** The place in `slots` of a key's amounts, all 0 where it is new. Good until the next call. */
  place(a: number, b: number): number {
    const key = a * this.#codes + b
    const slots = this.slots
    let slot = (mix(a, b) & this.#mask) * this.#width
    while (slots[slot] !== key) {
      if (slots[slot] === 0) return this.#insert(slot, key)
      slot += this.#width
      if (slot === slots.length) slot = 0
    }
    return slot + 1
  }

  /** Adds amounts to a key's, of the first way. */
  add(a: number, b: number, amounts: Float64Array): void {
    const at = this.place(a, b)
    const slots = this.slots
    slots[at] = slots[at]! + amounts[0]!
    slots[at + 1] = slots[at + 1]! + amounts[1]!
    slots[at + 2] = slots[at + 2]! + amounts[2]!
    slots[at + 3] = slots[at + 3]! + amounts[3]!
  }

  /** Calls back with each key, and with the place of its amounts in `slots`. */
  forEach(visit: (a: number, b: number, at: number) => void): void {
    const slots = this.slots
    for (let slot = 0; slot < slots.length; slot += this.#width) {
      const key = slots[slot]!
      if (key === 0) continue
      const a = Math.floor(key / this.#codes)
      visit(a, key - a * this.#codes, slot + 1)
    }
  }

  /** Bytes held. */
  get bytes(): number {
    return this.slots.byteLength
  }

  #insert(free: number, key: number): number {
    this.count++
    if (this.count * 2 <= this.#mask) {
      this.slots[free] = key
      return free + 1
    }
    this.#grow()
    const slot = this.#free(key)
    this.slots[slot] = key
    return slot + 1
  }

  #free(key: number): number {
    const a = Math.floor(key / this.#codes)
    const slots = this.slots
    let slot = (mix(a, key - a * this.#codes) & this.#mask) * this.#width
    while (slots[slot] !== 0) slot = slot + this.#width === slots.length ? 0 : slot + this.#width
    return slot
  }

  #grow(): void {
    const old = this.slots
    this.#mask = this.#mask * 2 + 1
    this.slots = new Float64Array(old.length * 2)
    for (let from = 0; from < old.length; from += this.#width) {
      if (old[from] === 0) continue
      const to = this.#free(old[from]!)
      for (let i = 0; i < this.#width; i++) this.slots[to + i] = old[from + i]!
    }
  }
}

/** A slot of addresses: four words, most significant first, and the code + 1 (0: free). */
const addressWidth = 5

/**
 * Numbers addresses 0, 1, 2 … in the order in which they are first met. Their code is the number × 2,
 * and one more where the address is marked.
 */
export class AddressTable {
  count = 0
  #mask: number
  #slots: Uint32Array

  /** With room for `expected` addresses before it grows. */
  constructor(expected = 0) {
    const slots = slotsFor(expected)
    this.#mask = slots - 1
    this.#slots = new Uint32Array(slots * addressWidth)
  }

  /** The code of an address, or −1 where it is not there. */
  find(w0: number, w1: number, w2: number, w3: number): number {
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

  /** Numbers an address (four words) that is not there, and gives its code. */
  add(address: readonly [number, number, number, number], isMarked: boolean): number {
    const [w0, w1, w2, w3] = address
    if ((this.count + 1) * 2 > this.#mask) this.#grow()
    const slots = this.#slots
    const slot = this.#free(slots, addressHash(w0, w1, w2, w3))
    slots[slot] = w0
    slots[slot + 1] = w1
    slots[slot + 2] = w2
    slots[slot + 3] = w3
    const code = this.count++ * 2 + (isMarked ? 1 : 0)
    slots[slot + 4] = code + 1
    return code
  }

  /** By number: four words an address, and 1 where it is marked. */
  list(): { words: Uint32Array; isMarked: Uint8Array } {
    const slots = this.#slots
    const words = new Uint32Array(this.count * 4)
    const isMarked = new Uint8Array(this.count)
    for (let slot = 0; slot < slots.length; slot += addressWidth) {
      const code = slots[slot + 4]! - 1
      if (code < 0) continue
      words.set(slots.subarray(slot, slot + 4), (code >>> 1) * 4)
      isMarked[code >>> 1] = code & 1
    }
    return { words, isMarked }
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#slots.byteLength
  }

  #free(slots: Uint32Array, hash: number): number {
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
      const to = this.#free(slots, hash)
      for (let word = 0; word < addressWidth; word++) slots[to + word] = old[from + word]!
    }
    this.#slots = slots
  }
}

function addressHash(w0: number, w1: number, w2: number, w3: number): number {
  return mix(w3 ^ w1, w2 ^ Math.imul(w0, 31))
}
