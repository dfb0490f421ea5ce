/** Whole numbers numbered as they come. */

const lowAtFirst = 4096
/** Numbers below are looked up in an array, which takes a fifth of a map's time. */
const lowMost = 2 ** 20

export class NumberedCodes {
  /** Of low codes the number + 1, of others the number. */
  #low = new Int32Array(lowAtFirst)
  readonly #high = new Map<number, number>()
  readonly #codes: number[] = []

  get count(): number {
    return this.#codes.length
  }

  /** The codes by their numbers. */
  get codes(): readonly number[] {
    return this.#codes
  }

  /** The number of a code; below 0 where it has none. */
  at(code: number): number {
    return code < this.#low.length ? this.#low[code]! - 1 : (this.#high.get(code) ?? -1)
  }

  /** Numbers a code that has none. */
  add(code: number): number {
    const number = this.#codes.push(code) - 1
    if (code >= lowMost) this.#high.set(code, number)
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
