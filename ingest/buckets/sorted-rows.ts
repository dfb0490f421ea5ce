/**
 * Rows of flows by the totals that they go to. Flows of several exporters come mixed, and so do those of
 * two intervals at their edge; counting all rows of one after the other is several times as fast.
 */
import type { Totals } from './totals.ts'

export class SortedRows {
  readonly #targets: Totals[] = []
  /** How many rows each of them gets; later, where these end. */
  readonly #ends: number[] = []
  /** The number of a row's totals, or −1. */
  #targetOf = new Int32Array(0)
  #rows = new Int32Array(0)
  #count = 0

  /** Begins with `count` rows, of which none goes anywhere yet. */
  begin(count: number): void {
    if (this.#targetOf.length < count) {
      this.#targetOf = new Int32Array(count)
      this.#rows = new Int32Array(count)
    }
    this.#targetOf.fill(-1, 0, count)
    this.#targets.length = 0
    this.#ends.length = 0
    this.#count = count
  }

  /** Says that row i goes to these totals. */
  put(i: number, totals: Totals): void {
    const last = this.#targets.length - 1
    let number = this.#targets[last] === totals ? last : this.#targets.indexOf(totals)
    if (number < 0) {
      number = this.#targets.push(totals) - 1
      this.#ends.push(0)
    }
    // As long as all go to the same, they are in order as they come.
    if (this.#targets.length === 1) this.#rows[this.#ends[0]!] = i
    this.#ends[number] = this.#ends[number]! + 1
    this.#targetOf[i] = number
  }

  /** Calls back with all totals and their rows, in order, which are good until the next beginning. */
  forEach(visit: (totals: Totals, rows: Int32Array) => void): void {
    const ends = this.#ends
    if (this.#targets.length === 1) {
      visit(this.#targets[0]!, this.#rows.subarray(0, ends[0]))
      return
    }
    for (let number = 1; number < ends.length; number++)
      ends[number] = ends[number]! + ends[number - 1]!
    const next = Int32Array.from(ends, (_, number) => ends[number - 1] ?? 0)
    for (let i = 0; i < this.#count; i++) {
      const number = this.#targetOf[i]!
      if (number < 0) continue
      this.#rows[next[number]!] = i
      next[number] = next[number]! + 1
    }
    for (const [number, totals] of this.#targets.entries())
      visit(totals, this.#rows.subarray(ends[number - 1] ?? 0, ends[number]))
  }
}
