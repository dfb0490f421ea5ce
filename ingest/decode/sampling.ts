/** Sampling rates as an exporter tells them: for all, by sampler (selector), or by interface. */

/** 1 of `rate` packets was looked at. */
export class Sampling {
  /** For what no sampler or interface is told of; null: not told. */
  rate: number | null = null
  readonly bySelector = new Map<number, number>()
  readonly byInterface = new Map<number, number>()

  /** Entries, for the bound on what options data may fill. */
  get size(): number {
    return this.bySelector.size + this.byInterface.size
  }
}

/** Greatest rate that is believed: what the column can hold. */
const rateMax = 2 ** 32 - 1

/** A rate that can be stored: a whole number from 1, or null where the numbers give none. */
export function asRate(rate: number): number | null {
  return rate >= 1 && rate <= rateMax ? Math.round(rate) : null
}

/**
 * The rate that the elements of PSAMP say (RFC 5477): `interval` packets taken and `space` left out,
 * `size` of a `population`, or a probability. Null where they say none.
 */
export function rateOf(said: {
  interval: number
  space: number
  size: number
  population: number
  probability: number
}): number | null {
  const { interval, space, size, population, probability } = said
  // Some exporters give only the interval, and mean by it one of so many (Cisco, Juniper).
  if (interval > 0 && space > 0) return asRate((interval + space) / interval)
  if (interval > 0) return asRate(interval)
  if (size > 0 && population > 0) return asRate(population / size)
  return probability > 0 ? asRate(1 / probability) : null
}
