/** Sampling rates as an exporter tells them: for all, by sampler (selector), or by interface. */
import { samplingMax } from '../../../flow/exporter-rules.ts'

/** 1 of `rate` packets was looked at. */
export class Sampling {
  /** For what no sampler or interface is told of; null: not told. */
  rate: number | null = null
  readonly bySelector: ReadonlyMap<number, number> = new Map<number, number>()
  readonly byInterface = new Map<number, number>()
  /** What every sampler that was told of does; null where none was, or where they differ. */
  rateOfEverySampler: number | null = null
  /** How many samplers do each rate. */
  readonly #samplers = new Map<number, number>()

  /** Entries, for the bound on what options data may fill. */
  get size(): number {
    return this.bySelector.size + this.byInterface.size
  }

  /** Takes in the rate of a sampler. */
  tellSelector(selector: number, rate: number): void {
    const bySelector = this.bySelector as Map<number, number>
    const before = bySelector.get(selector)
    if (before === rate) return
    bySelector.set(selector, rate)
    const samplers = this.#samplers
    if (before !== undefined) {
      const others = samplers.get(before)! - 1
      if (others === 0) samplers.delete(before)
      else samplers.set(before, others)
    }
    samplers.set(rate, (samplers.get(rate) ?? 0) + 1)
    this.rateOfEverySampler = samplers.size === 1 ? rate : null
  }
}

/** A rate that can be stored: a whole number from 1, or null where the numbers give none. */
function asRate(rate: number): number | null {
  return rate >= 1 && rate <= samplingMax ? Math.round(rate) : null
}

/** Sampling of which no rate is told, by its sampler; this stands for what names no sampler. */
export const anySampler = -1
/** Samplers without a rate that are told apart. */
const unknownSamplersMax = 64

/** The samplers that an exporter has spoken of without saying their rate. */
export class UnknownSamplers {
  readonly ids = new Set<number>()

  add(id: number): void {
    if (this.ids.size < unknownSamplersMax) this.ids.add(id)
  }

  /** A rate was told: of one sampler, or of all that names none. */
  told(id: number): void {
    if (id === anySampler) this.ids.clear()
    else this.ids.delete(id)
  }
}

export interface SaidSampling {
  interval: number
  space: number
  size: number
  population: number
  probability: number
  /** Of time instead of packets: how long they are taken and how long left out. */
  time?: number
  timeSpace?: number
}

/**
 * The rate that the elements of PSAMP say (RFC 5477): `interval` packets (or whole flows, RFC 7014) taken and `space` left out,
 * `size` of a `population`, a probability, or so much of the time. Null where they say none.
 */
export function rateOf(said: SaidSampling): number | null {
  const { interval, space, size, population, probability, time = 0, timeSpace = 0 } = said
  if (interval > 0 && space > 0) return asRate((interval + space) / interval)
  // Cisco sends an interval of 1 beside one of a population (random n-out-of-N): the latter counts.
  if (size > 0 && population > size) return asRate(population / size)
  // Some exporters give only the interval, and mean by it one of so many (Cisco, Juniper).
  if (interval > 0) return asRate(interval)
  if (size > 0 && population > 0) return asRate(population / size)
  if (probability > 0) return asRate(1 / probability)
  return time > 0 && timeSpace > 0 ? asRate((time + timeSpace) / time) : null
}
