/**
 * Rows of flows by the totals that they go to. Flows of several exporters come mixed, and so do those of
 * two intervals at their edge; counting all rows of one after the other is several times as fast.
 */
import type { Totals } from './totals.ts'

export class SortedRows {
  readonly #targets: Totals[] = []
  /** The totals that the row before went to, and their number. */
  #last: Totals | null = null
  #number = 0
  /** The number of a row's totals, or −1. */
  #targetOf = new Int32Array(0)
  #rows = new Int32Array(0)
  #count = 0
  #placed = 0

  /** Begins with `count` rows, of which none goes anywhere yet. */
  begin(count: number): void {
    if (this.#targetOf.length < count) {
      this.#targetOf = new Int32Array(count)
      this.#rows = new Int32Array(count)
    }
    this.#targetOf.fill(-1, 0, count)
    this.#targets.length = 0
    this.#last = null
    this.#count = count
    this.#placed = 0
  }

  /** Says that row i goes to these totals. */
  put(i: number, totals: Totals): void {
    if (totals !== this.#last) {
      this.#last = totals
      this.#number = this.#targets.indexOf(totals)
      if (this.#number < 0) this.#number = this.#targets.push(totals) - 1
    }
    this.#targetOf[i] = this.#number
    this.#placed++
  }

  /** Calls back with all totals and their rows, in order, which are good until the next beginning. */
  forEach(visit: (totals: Totals, rows: Int32Array) => void): void {
    const targetOf = this.#targetOf
    const rows = this.#rows
    // Nearly always all go to the same.
    if (this.#targets.length === 1 && this.#placed === this.#count) {
      for (let i = 0; i < this.#count; i++) rows[i] = i
      visit(this.#targets[0]!, rows.subarray(0, this.#count))
      return
    }
    const next = new Int32Array(this.#targets.length + 1)
    for (let i = 0; i < this.#count; i++) next[targetOf[i]! + 1]!++
    // What goes nowhere is counted before the first, and has no place.
    next[0] = 0
    for (let number = 1; number < next.length; number++) next[number]! += next[number - 1]!
    for (let i = 0; i < this.#count; i++) {
      const number = targetOf[i]!
      if (number >= 0) rows[next[number]!++] = i
    }
    for (const [number, totals] of this.#targets.entries())
      visit(totals, rows.subarray(next[number - 1] ?? 0, next[number]))
  }
}
