/** Ranges of missing sequence numbers with the losses they stand for, until it is too late for them. */
import type { SequenceGap } from '../../../flow/sequence.ts'
import { missingRangesMax, reorderWindowDatagrams } from '../limits.ts'

export interface MissingRange {
  /** Numbers [from, from + units), mod 2^32. */
  from: number
  units: number
  datagrams: number
  flows: number
  /** The stream's datagram count when the range was found missing. */
  foundAt: number
  /** When the datagrams before and after it were received, unix ms. Absent in what older versions published. */
  sinceMs?: number
  untilMs?: number
}

/** What was lost; negative for what turned out not to be. */
export interface Loss {
  datagrams: number
  flows: number
}

/** A range as missing, or with -1 as no longer missing. */
export function gapOf(
  { sinceMs = 0, untilMs = 0, units, datagrams, flows }: MissingRange,
  sign: 1 | -1,
): SequenceGap {
  return { sinceMs, untilMs, units: sign * units, datagrams: sign * datagrams, flows: sign * flows }
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

  /**
   * Removes numbers that arrived; what remains of their range keeps its share of the loss. Returns the range as no
   * longer missing, and what remains of it.
   */
  found(number: number, units: number): SequenceGap[] {
    const range = this.#rangeOf(number)
    if (range === null || units === 0) return []
    const before = distance(range.from, number)
    const taken = Math.min(units, range.units - before)
    const rest = [
      partOf(range, range.from, before),
      partOf(range, (number + taken) >>> 0, range.units - before - taken),
    ].filter((part) => part.units > 0)
    this.#ranges.splice(this.#ranges.indexOf(range), 1, ...rest)
    return [gapOf(range, -1), ...rest.map((part) => gapOf(part, 1))]
  }

  /**
   * Removes all ranges, because their numbers were read wrong; returns the newest that make up a
   * loss as not missing.
   */
  mistaken({ datagrams, flows }: Loss): SequenceGap[] {
    const gaps: SequenceGap[] = []
    const left = { datagrams, flows }
    for (const range of this.#ranges.toReversed()) {
      if (left.datagrams <= 0 && left.flows <= 0) break
      left.datagrams -= range.datagrams
      left.flows -= range.flows
      gaps.push(gapOf(range, -1))
    }
    this.clear()
    return gaps
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
