/** Ranges of missing sequence numbers with the losses they stand for, until it is too late for them. */
import { missingRangesMax, reorderWindowDatagrams } from '../limits.ts'

export interface MissingRange {
  /** Numbers [from, from + units), mod 2^32. */
  from: number
  units: number
  datagrams: number
  flows: number
  /** The stream's datagram count when the range was found missing. */
  foundAt: number
}

/** What was lost; negative for what turned out not to be. */
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

  /** Adds a range; beyond missingRangesMax, the oldest remain lost. */
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

  /** Removes numbers that arrived; what remains of their range keeps its share of the loss. */
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

  /** Forgets ranges missing for longer than datagrams arrive late: they are lost for good. */
  forget(datagrams: number): void {
    const oldest = datagrams - 2 * reorderWindowDatagrams
    while (this.#ranges.length > 0 && this.#ranges[0]!.foundAt < oldest) this.#ranges.shift()
  }
}

/** The part of a range on one side of the removed numbers, with its share of the loss. */
function partOf(range: MissingRange, from: number, units: number): MissingRange {
  const share = (whole: number) => Math.round((whole * units) / range.units)
  return { ...range, from, units, datagrams: share(range.datagrams), flows: share(range.flows) }
}
