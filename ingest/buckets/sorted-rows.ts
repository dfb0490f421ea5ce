/**
 * Rows of flows by the totals that they go to, of which one row may have several. Flows of several exporters come mixed, and so do
 * those of two intervals at their edge; counting all rows of one after the other is several times as fast.
 */
import type { Totals } from './totals.ts'

const rowsAtFirst = 2048

export class SortedRows {
  readonly #targets: Totals[] = []
  /** The totals that the row before went to, and their number. */
  #last: Totals | null = null
  #number = 0
  /** The rows that were put, each with the number of its totals. */
  #placed = new Int32Array(0)
  #targetOf = new Int32Array(0)
  #rows = new Int32Array(0)
  #count = 0

  /** How many were put since the beginning. */
  get count(): number {
    return this.#count
  }

  /** Begins anew. */
  begin(): void {
    this.#targets.length = 0
    this.#last = null
    this.#count = 0
  }

  /** Says that row i goes to these totals. */
  put(i: number, totals: Totals): void {
    if (totals !== this.#last) {
      this.#last = totals
      // Flows that live long go from interval to interval, each as the one before.
      const next = this.#number + 1
      this.#number = this.#targets[next] === totals ? next : this.#targets.indexOf(totals)
      if (this.#number < 0) this.#number = this.#targets.push(totals) - 1
    }
    if (this.#count === this.#placed.length) this.#grow()
    this.#placed[this.#count] = i
    this.#targetOf[this.#count++] = this.#number
  }

  /** Calls back with all totals and their rows, in order, which are good until the next beginning. */
  forEach(visit: (totals: Totals, rows: Int32Array) => void): void {
    const targetOf = this.#targetOf
    const placed = this.#placed
    const count = this.#count
    // Nearly always all go to the same.
    if (this.#targets.length === 1) {
      visit(this.#targets[0]!, placed.subarray(0, count))
      return
    }
    const rows = this.#rows
    const next = new Int32Array(this.#targets.length + 1)
    for (let at = 0; at < count; at++) next[targetOf[at]! + 1]!++
    for (let number = 1; number < next.length; number++) next[number]! += next[number - 1]!
    for (let at = 0; at < count; at++) rows[next[targetOf[at]!]!++] = placed[at]!
    for (const [number, totals] of this.#targets.entries())
      visit(totals, rows.subarray(next[number - 1] ?? 0, next[number]))
  }

  #grow(): void {
    const length = Math.max(rowsAtFirst, 2 * this.#count)
    const placed = new Int32Array(length)
    const targetOf = new Int32Array(length)
    placed.set(this.#placed)
    targetOf.set(this.#targetOf)
    this.#placed = placed
    this.#targetOf = targetOf
    this.#rows = new Int32Array(length)
  }
}
