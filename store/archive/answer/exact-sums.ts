/** Sums of integers up to 2^53 each, exact at any size. */

const placesAtFirst = 4096
/** Sums are carried from here on: beyond twice this, a double cannot represent every integer. */
const carried = 2 ** 52

/** Sums in transferable form: by index, with the multiples of `carried` to add. */
export interface PackedSums {
  sums: Float64Array
  carries: ReadonlyMap<number, number>
}

export class ExactSums {
  #sums = new Float64Array(placesAtFirst)
  /** By index, the multiple of `carried` to add to the sum. */
  readonly #carries = new Map<number, number>()

  add(place: number, value: number): void {
    const isGreat = value >= carried
    if (isGreat) this.#carry(place)
    const sum = this.#sums[place]! + (isGreat ? value - carried : value)
    this.#sums[place] = sum
    if (sum >= carried) this.#settle(place)
  }

  /** Adds to four consecutive indices, starting at `place`. */
  addFour(place: number, first: number, second: number, third: number, fourth: number): void {
    if (Math.max(first, second, third, fourth) >= carried) {
      const values = [first, second, third, fourth]
      values.forEach((value, i) => this.add(place + i, value))
      return
    }
    const sums = this.#sums
    const a = (sums[place] = sums[place]! + first)
    const b = (sums[place + 1] = sums[place + 1]! + second)
    const c = (sums[place + 2] = sums[place + 2]! + third)
    const d = (sums[place + 3] = sums[place + 3]! + fourth)
    if (Math.max(a, b, c, d) >= carried)
      for (let i = place; i < place + 4; i++) if (sums[i]! >= carried) this.#settle(i)
  }

  /** Adds an integer of any size. */
  addWhole(place: number, value: bigint): void {
    const carries = value / BigInt(carried)
    if (carries > 0n) this.#carries.set(place, (this.#carries.get(place) ?? 0) + Number(carries))
    this.add(place, Number(value % BigInt(carried)))
  }

  /** Adds the value of another at one index. */
  addPacked(place: number, { sums, carries }: PackedSums, other: number): void {
    this.add(place, sums[other]!)
    const more = carries.get(other)
    if (more !== undefined) this.#carries.set(place, (this.#carries.get(place) ?? 0) + more)
  }

  /** The first `count` sums. */
  pack(count: number): PackedSums {
    return { sums: this.#sums.slice(0, count), carries: this.#carries }
  }

  /** The double nearest to a sum. */
  of(place: number): number {
    const sum = this.#sums[place]!
    if (this.#carries.size === 0) return sum
    const carries = this.#carries.get(place)
    return carries === undefined ? sum : Number(BigInt(carries) * BigInt(carried) + BigInt(sum))
  }

  /** Grows to include an index. */
  reach(place: number): void {
    if (place < this.#sums.length) return
    const grown = new Float64Array(Math.max(place + 1, this.#sums.length * 2))
    grown.set(this.#sums)
    this.#sums = grown
  }

  #settle(place: number): void {
    this.#sums[place] = this.#sums[place]! - carried
    this.#carry(place)
  }

  #carry(place: number): void {
    this.#carries.set(place, (this.#carries.get(place) ?? 0) + 1)
  }
}
