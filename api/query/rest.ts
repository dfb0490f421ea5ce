/** The rest of a cut list: the whole less the listed keys, exact for every exporter and step. */
import { newLine, type Line } from './line.ts'
import type { Steps } from './steps.ts'

/** One part of the rest: all of it, or one direction's. */
export class Rest {
  readonly line: Line
  /** Known sums of each step, one array per exporter, created on demand. */
  readonly #sums = new Map<number, Float64Array>()
  /**
   * Sums of each step, known or not; one total of a long window could exceed the integers that a
   * double holds exactly.
   */
  readonly #totals: Float64Array
  readonly #steps: Steps

  constructor(steps: Steps, direction?: string) {
    this.line = newLine(null, steps.count, direction)
    this.#steps = steps
    this.#totals = new Float64Array(steps.count)
  }

  /** Adds a row of the whole, or subtracts a listed one (`times` −1). */
  add(row: { place: number; at: number; sum: number; known: number }, times: number): void {
    let sums = this.#sums.get(row.place)
    if (!sums) this.#sums.set(row.place, (sums = new Float64Array(this.#steps.count)))
    sums[row.at]! += row.known * times
    this.#totals[row.at]! += row.sum * times
  }

  /** Records a maximum of the whole, which the rest cannot exceed. */
  bound(at: number, peak: number): void {
    this.line.peak[at]! += peak
    this.line.parts[at] = 2
  }

  /** The finished line; `known` says which of its steps are known. */
  finish(known: Uint8Array): Line {
    const { average } = this.line
    for (const [place, sums] of this.#sums)
      for (let at = 0; at < sums.length; at++)
        if (sums[at] !== 0) average[at]! += this.#steps.mean(place, at, sums[at]!)
    this.line.total = this.#totals.reduce((all, sum) => all + sum, 0)
    blank(this.line, known)
    return this.line
  }
}

/** Makes all steps unknown that are not known. */
export function blank({ average, peak }: Line, known: Uint8Array): void {
  for (let at = 0; at < known.length; at++) {
    if (known[at] === 1 && !Number.isNaN(average[at]!)) continue
    average[at] = Number.NaN
    peak[at] = Number.NaN
  }
}
