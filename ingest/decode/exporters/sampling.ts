/**
 * Sampling rates announced by an exporter: for everything, by sampler (selector), or by interface.
 */
import { samplingMax } from '../../../flow/exporter-rules.ts'

/** 1 of `rate` packets was sampled. */
export class Sampling {
  /** The rate if neither sampler nor interface has one; null: not announced. */
  rate: number | null = null
  readonly bySelector: ReadonlyMap<number, number> = new Map<number, number>()
  readonly byInterface = new Map<number, number>()
  /** The rate that all announced samplers share; null if there are none or they differ. */
  rateOfEverySampler: number | null = null
  /** How many samplers use each rate. */
  readonly #samplers = new Map<number, number>()

  /** Number of entries, for the limit on options data. */
  get size(): number {
    return this.bySelector.size + this.byInterface.size
  }

  /** Sets the rate of a sampler. */
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

/** A rate that can be stored: an integer from 1, or null if the numbers give none. */
function asRate(rate: number): number | null {
  return rate >= 1 && rate <= samplingMax ? Math.round(rate) : null
}

/** Stands for sampling that names no sampler, in UnknownSamplers. */
export const anySampler = -1
/** Most samplers without a rate that are distinguished. */
const unknownSamplersMax = 64

/** The samplers that an exporter mentioned without announcing their rate. */
export class UnknownSamplers {
  readonly ids = new Set<number>()

  add(id: number): void {
    if (this.ids.size < unknownSamplersMax) this.ids.add(id)
  }

  /** A rate was announced: for one sampler, or for all. */
  remove(id: number): void {
    if (id === anySampler) this.ids.clear()
    else this.ids.delete(id)
  }
}

export interface SamplingElements {
  interval: number
  space: number
  size: number
  population: number
  probability: number
  /** Time-based sampling: how long packets are taken, and how long skipped. */
  time?: number
  timeSpace?: number
}

/**
 * The rate according to PSAMP elements (RFC 5477): `interval` packets (or entire flows, RFC 7014)
 * taken and `space` skipped, `size` of a `population`, a probability, or a share of time. Null if
 * there is none.
 */
export function rateOf(elements: SamplingElements): number | null {
  const { interval, space, size, population, probability, time = 0, timeSpace = 0 } = elements
  if (interval > 0 && space > 0) return asRate((interval + space) / interval)
  // Cisco sends an interval of 1 together with a population (random n-out-of-N): the latter counts.
  if (size > 0 && population > size) return asRate(population / size)
  // Some exporters send only the interval, meaning one of that many (Cisco, Juniper).
  if (interval > 0) return asRate(interval)
  if (size > 0 && population > 0) return asRate(population / size)
  if (probability > 0) return asRate(1 / probability)
  return time > 0 && timeSpace > 0 ? asRate((time + timeSpace) / time) : null
}
