/** Numbers integers in order of appearance. */

const lowAtFirst = 4096
/** Codes below this use an array, which takes a fifth of a map's time. */
const lowMax = 2 ** 20

export class NumberedCodes {
  /** Low codes: the number + 1; others: the number. */
  #low = new Int32Array(lowAtFirst)
  readonly #high = new Map<number, number>()
  readonly #codes: number[] = []

  get count(): number {
    return this.#codes.length
  }

  /** The codes by number. */
  get codes(): readonly number[] {
    return this.#codes
  }

  /** The number of a code; negative if it has none. */
  at(code: number): number {
    return code < this.#low.length ? this.#low[code]! - 1 : (this.#high.get(code) ?? -1)
  }

  /** Numbers a new code. */
  add(code: number): number {
    const number = this.#codes.push(code) - 1
    if (code >= lowMax) this.#high.set(code, number)
    else {
      if (code >= this.#low.length) {
        const grown = new Int32Array(2 ** Math.ceil(Math.log2(code + 1)))
        grown.set(this.#low)
        this.#low = grown
      }
      this.#low[code] = number + 1
    }
    return number
  }
}
