/**
 * Sorts rows by several keys, least significant first: a stable radix sort (LSD), digit by digit.
 * Only digits in which the numbers differ are processed.
 */

const digitBits = 11
const digits = 1 << digitBits
const wordBits = 32
const wordRange = 2 ** wordBits

export class RowOrder {
  #count = 0
  #rows = new Uint32Array(0)
  #spare = new Uint32Array(0)
  #keys = new Uint32Array(0)
  readonly #ends = new Uint32Array(digits)

  /** Starts with rows 0 to `count` − 1. */
  begin(count: number): void {
    this.#count = count
    if (this.#rows.length < count) {
      this.#rows = new Uint32Array(count)
      this.#spare = new Uint32Array(count)
      this.#keys = new Uint32Array(count)
    }
    for (let row = 0; row < count; row++) this.#rows[row] = row
  }

  /** The rows in order, valid until the next begin. */
  get rows(): Uint32Array {
    return this.#rows.subarray(0, this.#count)
  }

  /** Sorts rows by these numbers, ascending. They are integers less than 2^53 apart. */
  sortBy(numbers: Float64Array | Uint32Array | Uint16Array): void {
    const keys = this.#keys.subarray(0, this.#count)
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
    for (let row = 0; row < keys.length; row++) {
      const number = numbers[row]!
      if (number < least) least = number
      if (number > most) most = number
    }
    const span = most - least
    for (let row = 0; row < keys.length; row++) keys[row] = numbers[row]! - least
    this.#sortByKeys(keys, Math.min(span, wordRange - 1))
    if (span < wordRange) return
    for (let row = 0; row < keys.length; row++) keys[row] = (numbers[row]! - least) / wordRange
    this.#sortByKeys(keys, Math.floor(span / wordRange))
  }

  #sortByKeys(keys: Uint32Array, most: number): void {
    for (let shift = 0; shift < wordBits && most >>> shift > 0; shift += digitBits)
      this.#sortByDigit(keys, shift)
  }

  #sortByDigit(keys: Uint32Array, shift: number): void {
    const [rows, sorted, ends] = [this.#rows, this.#spare, this.#ends]
    ends.fill(0)
    for (let row = 0; row < keys.length; row++) ends[(keys[row]! >>> shift) & (digits - 1)]!++
    for (let digit = 0, before = 0; digit < digits; digit++) {
      const count = ends[digit]!
      ends[digit] = before
      before += count
    }
    for (let place = 0; place < keys.length; place++) {
      const row = rows[place]!
      sorted[ends[(keys[row]! >>> shift) & (digits - 1)]!++] = row
    }
    this.#rows = sorted
    this.#spare = rows
  }
}
