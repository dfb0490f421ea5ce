/** The rest of a cut list: the whole less what is listed, exact in every exporter and step. */
import { newLine, type Line } from './line.ts'
import type { Steps } from './steps.ts'

/** One part of the rest: all of it, or one direction's. */
export class Rest {
  readonly line: Line
  /** Known sums of each step, one array an exporter, made as exporters occur. */
  readonly #sums = new Map<number, Float64Array>()
  /** Sums of each step, known or not: of a long window all together may be more than a double counts by ones. */
  readonly #totals: Float64Array
  readonly #steps: Steps

  constructor(steps: Steps, direction?: string) {
    this.line = newLine(null, steps.count, direction)
    this.#steps = steps
    this.#totals = new Float64Array(steps.count)
  }

  /** Adds a row of the whole, or takes a listed one away (`times` −1). */
  add(row: { place: number; at: number; sum: number; known: number }, times: number): void {
    let sums = this.#sums.get(row.place)
    if (!sums) this.#sums.set(row.place, (sums = new Float64Array(this.#steps.count)))
    sums[row.at]! += row.known * times
    this.#totals[row.at]! += row.sum * times
  }

  /** Notes a maximum of the whole, which the rest cannot exceed. */
  bound(at: number, peak: number): void {
    this.line.peak[at]! += peak
    this.line.parts[at] = 2
  }

  /** The finished line; its steps are known where `known` says so. */
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

/** Makes steps that are not known unknown. */
export function blank({ average, peak }: Line, known: Uint8Array): void {
  for (let at = 0; at < known.length; at++) {
    if (known[at] === 1 && !Number.isNaN(average[at]!)) continue
    average[at] = Number.NaN
    peak[at] = Number.NaN
  }
}
