/**
 * Rows sorted by the totals they belong to, of which a row may have several. Flows of several
 * exporters arrive mixed, and so do those of two intervals at their edge; counting all rows of one
 * total after the other is several times as fast.
 */
import type { Totals } from './totals.ts'

const rowsAtFirst = 2048

export class SortedRows {
  readonly #targets: Totals[] = []
  /** The totals of the previous row, and their number. */
  #last: Totals | null = null
  #number = 0
  /** The rows put, each with the number of its totals. */
  #placed = new Int32Array(0)
  #targetOf = new Int32Array(0)
  #rows = new Int32Array(0)
  #count = 0

  /** Rows put since `begin`. */
  get count(): number {
    return this.#count
  }

  /** Clears it. */
  begin(): void {
    this.#targets.length = 0
    this.#last = null
    this.#count = 0
  }

  /** Adds row i to these totals. */
  put(i: number, totals: Totals): void {
    if (totals !== this.#last) {
      this.#last = totals
      // Long flows go through the intervals in the same order.
      const next = this.#number + 1
      this.#number = this.#targets[next] === totals ? next : this.#targets.indexOf(totals)
      if (this.#number < 0) this.#number = this.#targets.push(totals) - 1
    }
    if (this.#count === this.#placed.length) this.#grow()
    this.#placed[this.#count] = i
    this.#targetOf[this.#count++] = this.#number
  }

  /**
   * Calls `visit` with all totals and their rows, in order. The rows are valid until the next
   * `begin`.
   */
  forEach(visit: (totals: Totals, rows: Int32Array) => void): void {
    const targetOf = this.#targetOf
    const placed = this.#placed
    const count = this.#count
    // Nearly always, all go to the same totals.
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
