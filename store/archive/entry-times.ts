/** Manifest entries indexed by time, so that a query does not scan a year of files. */
import type { ArchiveEntry } from './entry.ts'

export class EntryTimes {
  /** By firstMin. */
  readonly #entries: readonly ArchiveEntry[]
  /** By index: rows, lastMax, and the greatest lastMax so far. */
  readonly #rows: Float64Array
  readonly #last: Float64Array
  readonly #lastUpTo: Float64Array
  /** The oldest interval; Infinity without entries. */
  readonly firstInterval: number

  constructor(entries: readonly ArchiveEntry[]) {
    this.#entries = entries.toSorted((a, b) => a.firstMin - b.firstMin)
    this.#rows = Float64Array.from(this.#entries, ({ rows }) => rows)
    this.#last = Float64Array.from(this.#entries, ({ lastMax }) => lastMax)
    this.#lastUpTo = new Float64Array(entries.length)
    let [last, interval] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
    for (const [place, entry] of this.#entries.entries()) {
      last = Math.max(last, entry.lastMax)
      interval = Math.min(interval, entry.interval)
      this.#lastUpTo[place] = last
    }
    this.firstInterval = interval
  }

  /** The start of the first flow, unix ms; Infinity without entries. */
  get first(): number {
    return this.#entries[0]?.firstMin ?? Number.POSITIVE_INFINITY
  }

  /** The end of the last flow, unix ms; −Infinity without entries. */
  get last(): number {
    return this.#lastUpTo.at(-1) ?? Number.NEGATIVE_INFINITY
  }

  /** Entries whose flows may touch [from, to), ordered by the start of their first flow. */
  touching(window: { from: number; to: number }): ArchiveEntry[] {
    const { start, end } = this.#places(window)
    return this.#entries.slice(start, end).filter(({ lastMax }) => lastMax >= window.from)
  }

  /** The number of flows in these entries. */
  rowsTouching(window: { from: number; to: number }): number {
    const { start, end } = this.#places(window)
    let rows = 0
    for (let place = start; place < end; place++)
      if (this.#last[place]! >= window.from) rows += this.#rows[place]!
    return rows
  }

  /** From the first entry that ends in or after the window to the last that begins before its end. */
  #places({ from, to }: { from: number; to: number }): { start: number; end: number } {
    const start = placeOf(this.#lastUpTo.length, (place) => this.#lastUpTo[place]! >= from)
    const end = placeOf(this.#entries.length, (place) => this.#entries[place]!.firstMin >= to)
    return { start, end }
  }
}

/** The first index from which on something holds. */
function placeOf(count: number, holds: (place: number) => boolean): number {
  let [found, above] = [0, count]
  while (found < above) {
    const middle = (found + above) >> 1
    if (holds(middle)) above = middle
    else found = middle + 1
  }
  return found
}
