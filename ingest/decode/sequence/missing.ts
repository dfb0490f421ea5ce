/** Ranges of sequence numbers that were not seen, and what they are worth, until it is too late for them. */
import { missingRangesMax, reorderWindowDatagrams } from '../limits.ts'

export interface MissingRange {
  /** Numbers [from, from + units), mod 2^32. */
  from: number
  units: number
  datagrams: number
  flows: number
  /** Count of the stream's datagrams when the range was found missing. */
  foundAt: number
}

/** What was lost, or, negative, what is not lost after all. */
export interface Loss {
  datagrams: number
  flows: number
}

/** The distance from a to b, mod 2^32, between -2^31 and 2^31. */
export const distance = (a: number, b: number): number => (b - a) | 0

export class MissingRanges {
  #ranges: MissingRange[] = []

  get ranges(): readonly MissingRange[] {
    return this.#ranges
  }

  /** Remembers a range; beyond missingRangesMax the oldest stay lost. */
  add(range: MissingRange): void {
    if (this.#ranges.length >= missingRangesMax) this.#ranges.shift()
    this.#ranges.push(range)
  }

  clear(): void {
    this.#ranges = []
  }

  restore(ranges: readonly MissingRange[]): void {
    this.#ranges = ranges.slice(-missingRangesMax)
  }

  /** Whether a number is missing. */
  has(number: number): boolean {
    return this.#rangeOf(number) !== null
  }

  #rangeOf(number: number): MissingRange | null {
    for (const range of this.#ranges) {
      const into = distance(range.from, number)
      if (into >= 0 && into < range.units) return range
    }
    return null
  }

  /** Takes found numbers out; what is left of their range keeps its share of what it is worth. */
  found(number: number, units: number): Loss {
    const range = this.#rangeOf(number)
    if (range === null || units === 0) return { datagrams: 0, flows: 0 }
    const before = distance(range.from, number)
    const taken = Math.min(units, range.units - before)
    const rest = [
      partOf(range, range.from, before),
      partOf(range, (number + taken) >>> 0, range.units - before - taken),
    ].filter((part) => part.units > 0)
    this.#ranges.splice(this.#ranges.indexOf(range), 1, ...rest)
    let { datagrams, flows } = range
    for (const part of rest) {
      datagrams -= part.datagrams
      flows -= part.flows
    }
    return { datagrams: -datagrams, flows: -flows }
  }

  /** Forgets what is missing for longer than datagrams come late: it is lost for good. */
  forget(datagrams: number): void {
    const oldest = datagrams - 2 * reorderWindowDatagrams
    while (this.#ranges.length > 0 && this.#ranges[0]!.foundAt < oldest) this.#ranges.shift()
  }
}

/** One side of the numbers taken out; of a whole that was one datagram, no side is worth one more. */
function partOf(range: MissingRange, from: number, units: number): MissingRange {
  const share = (whole: number) => Math.round((whole * units) / range.units)
  return { ...range, from, units, datagrams: share(range.datagrams), flows: share(range.flows) }
}
