/** Numbers by index, in an array that grows as needed. */

const placesAtFirst = 4096

export class Growing {
  readonly #initial: number
  #values: Float64Array

  /** Every value starts as `initial`. */
  constructor(initial: number) {
    this.#initial = initial
    this.#values = new Float64Array(placesAtFirst).fill(initial)
  }

  /** The values, at least this many; valid until more are requested. */
  reach(places: number): Float64Array {
    const { length } = this.#values
    if (places <= length) return this.#values
    const grown = new Float64Array(Math.max(places, 2 * length))
    grown.set(this.#values)
    this.#values = grown.fill(this.#initial, length)
    return grown
  }
}
