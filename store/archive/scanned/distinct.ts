/**
 * The distinct values among many 32-bit integers: new ones are sorted from time to time and merged with
 * the known ones. Memory is accessed sequentially, where a table would wait for it at every number.
 */

const capacityAtFirst = 64
const digitBits = 11
const digits = 1 << digitBits
const wordBits = 32

/** Fewer are sorted just as fast without a radix sort. */
const fewest = 1 << 10

/** Scratch memory of all instances, for sorting and for the known values during a merge. */
const scratch = { sorted: new Uint32Array(0), known: new Uint32Array(0) }
const ends = new Uint32Array(digits)

export class Distinct {
  /** The known values, ascending, followed by the new ones. */
  #values = new Uint32Array(capacityAtFirst)
  #known = 0
  #count = 0

  /** The capacity in numbers. */
  get room(): number {
    return this.#values.length
  }

  add(value: number): void {
    if (this.#count === this.#values.length) this.#settle()
    this.#values[this.#count++] = value
  }

  /** Adds numbers in ascending order. */
  addSorted(values: Uint32Array): void {
    const known = this.values()
    const both = new Uint32Array(Math.max(capacityAtFirst, known.length + values.length))
    this.#known = this.#count = merge(known, values, both)
    this.#values = both
  }

  /** The distinct values, ascending; valid until another is added. */
  values(): Uint32Array {
    this.#settle()
    return this.#values.subarray(0, this.#known)
  }

  #settle(): void {
    const { length } = this.#values
    if (scratch.sorted.length < length) {
      scratch.sorted = new Uint32Array(length)
      scratch.known = new Uint32Array(length)
    }
    const since = sorted(this.#values.subarray(this.#known, this.#count))
    const known = scratch.known.subarray(0, this.#known)
    known.set(this.#values.subarray(0, this.#known))
    this.#known = this.#count = merge(known, since, this.#values)
    if (2 * this.#known <= length) return
    const grown = new Uint32Array(2 * length)
    grown.set(this.#values)
    this.#values = grown
  }
}

/** Merges two sorted arrays into a third without duplicates; returns its length. */
function merge(one: Uint32Array, other: Uint32Array, out: Uint32Array): number {
  let [i, j, count] = [0, 0, 0]
  while (i < one.length || j < other.length) {
    const isOne = j === other.length || (i < one.length && one[i]! <= other[j]!)
    const value = isOne ? one[i++]! : other[j++]!
    if (count === 0 || out[count - 1] !== value) out[count++] = value
  }
  return count
}

/** Sorts numbers in ascending order, in place or into scratch memory (a radix sort, LSD). */
function sorted(values: Uint32Array): Uint32Array {
  if (values.length < fewest) return values.sort()
  let from: Uint32Array = values
  let to: Uint32Array = scratch.sorted.subarray(0, values.length)
  for (let shift = 0; shift < wordBits; shift += digitBits) {
    ends.fill(0)
    for (let i = 0; i < from.length; i++) ends[(from[i]! >>> shift) & (digits - 1)]!++
    for (let digit = 0, before = 0; digit < digits; digit++) {
      const count = ends[digit]!
      ends[digit] = before
      before += count
    }
    for (let i = 0; i < from.length; i++)
      to[ends[(from[i]! >>> shift) & (digits - 1)]!++] = from[i]!
    ;[from, to] = [to, from]
  }
  return from
}
