/** Numbers keys of several 64-bit columns, with open addressing on typed arrays. */
const slotsAtFirst = 1024
const keysAtFirst = 512

export class KeyTable {
  count = 0
  /** Words of a key: the low and the high word of each column. */
  readonly width: number
  #words: Uint32Array
  /** By slot, the number of the key + 1; 0: free. */
  #slots = new Int32Array(slotsAtFirst)

  constructor(columns: number) {
    this.width = 2 * columns
    this.#words = new Uint32Array(keysAtFirst * this.width)
  }

  /** The number of the key at an index in `words`; a new one (0, 1, 2 …) if it is new. */
  numberOf(words: Uint32Array, at: number): number {
    const mask = this.#slots.length - 1
    let slot = hashOf(words, at, this.width) & mask
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const held = this.#slots[slot]! - 1
      if (this.#isAt(held * this.width, words, at)) return held
    }
    this.#slots[slot] = this.count + 1
    return this.#add(words, at)
  }

  /** The number of the key at an index in `words`; −1 if there is none. */
  find(words: Uint32Array, at: number): number {
    const mask = this.#slots.length - 1
    let slot = hashOf(words, at, this.width) & mask
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & mask) {
      const held = this.#slots[slot]! - 1
      if (this.#isAt(held * this.width, words, at)) return held
    }
    return -1
  }

  /** The words of all keys, by number. */
  words(): Uint32Array {
    return this.#words.slice(0, this.count * this.width)
  }

  /** The number of another table's key in this one. */
  numberLike(other: KeyTable, number: number): number {
    return this.numberOf(other.#words, number * other.width)
  }

  /** The number of the key with these column values. */
  numberOfValues(values: readonly bigint[]): number {
    return this.numberOf(new Uint32Array(BigInt64Array.from(values).buffer), 0)
  }

  /** The values of a key's columns, 64 signed bits each. */
  valuesOf(number: number): bigint[] {
    const from = number * this.width
    return [...new BigInt64Array(this.#words.slice(from, from + this.width).buffer)]
  }

  /** The order of two keys: by column, as signed numbers. */
  compare(a: number, b: number): number {
    const words = this.#words
    for (let column = 0; column < this.width; column += 2) {
      const [one, other] = [a * this.width + column, b * this.width + column]
      const high = (words[one + 1]! | 0) - (words[other + 1]! | 0)
      if (high !== 0) return high
      const low = words[one]! - words[other]!
      if (low !== 0) return low
    }
    return 0
  }

  #isAt(from: number, words: Uint32Array, at: number): boolean {
    for (let word = 0; word < this.width; word++)
      if (this.#words[from + word] !== words[at + word]) return false
    return true
  }

  #add(words: Uint32Array, at: number): number {
    const number = this.count++
    const to = number * this.width
    if (to + this.width > this.#words.length) {
      const grown = new Uint32Array(this.#words.length * 2)
      grown.set(this.#words)
      this.#words = grown
    }
    for (let word = 0; word < this.width; word++) this.#words[to + word] = words[at + word]!
    if (this.count * 2 > this.#slots.length) this.#grow()
    return number
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 4)
    const mask = slots.length - 1
    for (let number = 0; number < this.count; number++) {
      let slot = hashOf(this.#words, number * this.width, this.width) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = number + 1
    }
    this.#slots = slots
  }
}

/** The hash of `width` words at an index. */
export function hashOf(words: Uint32Array, at: number, width: number): number {
  let hash = 0
  for (let word = 0; word < width; word++) {
    hash = Math.imul(hash ^ words[at + word]!, 0x9e3779b1)
    hash ^= hash >>> 15
  }
  return hash
}
