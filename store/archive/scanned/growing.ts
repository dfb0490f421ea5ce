/** Numbers by place, with room for as many places as there come to be. */

const placesAtFirst = 4096

export class Growing {
  readonly #initial: number
  #values: Float64Array

  /** Every place has `initial` at first. */
  constructor(initial: number) {
    this.#initial = initial
    this.#values = new Float64Array(placesAtFirst).fill(initial)
  }

  /** The values, of at least so many places; good until more are asked for. */
  reach(places: number): Float64Array {
    const { length } = this.#values
    if (places <= length) return this.#values
    const grown = new Float64Array(Math.max(places, 2 * length))
    grown.set(this.#values)
    this.#values = grown.fill(this.#initial, length)
    return grown
  }
}
