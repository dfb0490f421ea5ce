/**
 * The buckets' hash tables: open addressing on typed arrays, because a Map of objects or strings
 * costs ten to fifty times as much per flow. A key and its sums are adjacent, so that counting a
 * flow takes a single memory access.
 */
import { freeBuffer } from '../../store/process/freed-memory.ts'

/** Initial slots. */
const slotsMin = 64
/**
 * Tables double when three of four slots are taken: at half, an interval of 100,000 hosts took 80
 * MB and was no faster.
 */
const [fullAt, fullBy] = [3, 4]
/** Amounts of a key: bytes, packets, flows, active. */
export const amountCount = 4

/** A hash of two numbers. */
export function mix(a: number, b: number): number {
  let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
  return (h ^ (h >>> 13)) >>> 0
}

/** Whether `count` keys are too many for a table with this mask (slots − 1). */
export function isFull(count: number, mask: number): boolean {
  return count * fullBy > mask * fullAt
}

/** Slots of a table for this many keys: a power of two, at most three quarters full. */
export function slotsFor(count: number): number {
  let slots = slotsMin
  while (isFull(count, slots - 1)) slots *= 2
  return slots
}

/** Rows whose slots are touched before they are counted: as many as fit in the L1 cache. */
export const touchedRows = 128

/** The layout of a table. */
interface TableLayout {
  /** A key is two integers a ≥ 0 and 0 < b < `codes`; a × codes stays below 2^53. */
  codes: number
  /** How many sets of amounts a key has: one per direction, for example. */
  ways?: number
  /** Room for this many keys before it grows. */
  expected?: number
}

/** Amounts by keys of two numbers. */
export class CountTable {
  count = 0
  /** The amounts that `place` points to, way after way. Replaced when the table grows. */
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

  /**
   * The place of a key's amounts in `slots`, all 0 if the key is new. Valid until the next call.
   */
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

  /** Whether a key has a place. */
  has(a: number, b: number): boolean {
    const key = a * this.#codes + b
    const slots = this.slots
    let slot = (mix(a, b) & this.#mask) * this.#width
    while (slots[slot] !== key) {
      if (slots[slot] === 0) return false
      slot += this.#width
      if (slot === slots.length) slot = 0
    }
    return true
  }

  /** Adds amounts, from index `from`, to the first way of a key. */
  add(a: number, b: number, amounts: Float64Array, from = 0): void {
    const at = this.place(a, b)
    const slots = this.slots
    slots[at] = slots[at]! + amounts[from]!
    slots[at + 1] = slots[at + 1]! + amounts[from + 1]!
    slots[at + 2] = slots[at + 2]! + amounts[from + 2]!
    slots[at + 3] = slots[at + 3]! + amounts[from + 3]!
  }

  /** Calls `visit` with each key and the place of its amounts in `slots`. */
  forEach(visit: (a: number, b: number, at: number) => void): void {
    const slots = this.slots
    for (let slot = 0; slot < slots.length; slot += this.#width) {
      const key = slots[slot]!
      if (key === 0) continue
      const a = Math.floor(key / this.#codes)
      visit(a, key - a * this.#codes, slot + 1)
    }
  }

  /** The second number of the key whose amounts are at a place. */
  codeAt(place: number): number {
    const key = this.slots[place - 1]!
    return key - Math.floor(key / this.#codes) * this.#codes
  }

  /** Bytes held. */
  get bytes(): number {
    return this.slots.byteLength
  }

  #insert(free: number, key: number): number {
    this.count++
    if (!isFull(this.count, this.#mask)) {
      this.slots[free] = key
      return free + 1
    }
    this.#grow()
    const slot = this.#freeSlot(key)
    this.slots[slot] = key
    return slot + 1
  }

  #freeSlot(key: number): number {
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
      const to = this.#freeSlot(old[from]!)
      for (let i = 0; i < this.#width; i++) this.slots[to + i] = old[from + i]!
    }
    freeBuffer(old)
  }
}
