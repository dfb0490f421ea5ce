/**
 * Sampling rates announced by an exporter: for everything, by sampler (selector), or by interface;
 * and the sampler of a selection sequence (PSAMP, RFC 5476, section 6.5).
 */
import { samplingMax } from '../../../flow/exporter-rules.ts'
import { CurrentRates } from './current-rates.ts'

/** 1 of `rate` packets was sampled. */
export class Sampling {
  readonly bySelector: ReadonlyMap<number, number> = new Map<number, number>()
  readonly byInterface: ReadonlyMap<number, number> = new Map<number, number>()
  /** The sampler by selectionSequenceId. */
  readonly bySequence: ReadonlyMap<number, number> = new Map<number, number>()
  /** Which domain announced it last, of samplers and of interfaces. */
  readonly #selectorDomains = new Map<number, number>()
  readonly #interfaceDomains = new Map<number, number>()
  /** Of the samplers that are still announced. */
  readonly samplers = new CurrentRates()
  /** For everything, by the domain or line card. */
  readonly domains = new CurrentRates()

  /** The rate if neither sampler nor interface has one; null: not announced, or domains differ. */
  get rate(): number | null {
    return this.domains.agreed
  }

  /** The rate of a domain's records that name no sampler; null if none is announced, or the domain does not sample. */
  rateOf(domain: number): number | null {
    return (this.domains.of(domain) ?? this.rate) || null
  }

  /** Whether a domain said that it does not sample: another's rate is not its own. */
  isUnsampled(domain: number): boolean {
    return this.domains.of(domain) === 0
  }

  /** The rate that all announced samplers share; null if there are none or they differ. */
  get rateOfEverySampler(): number | null {
    return this.samplers.agreed
  }

  /** Whether there are rates of which none is that of a record that names no sampler. */
  get differs(): boolean {
    return this.rate === null && (this.domains.differ || this.samplers.differ)
  }

  /** Number of entries, for the limit on options data. */
  get size(): number {
    return this.bySelector.size + this.byInterface.size + this.bySequence.size
  }

  /** Sets the rate of a sampler, as a domain announced it. */
  tellSelector(selector: number, rate: number, domain: number): void {
    const bySelector = this.bySelector as Map<number, number>
    bySelector.set(selector, rate)
    this.#selectorDomains.set(selector, domain)
    this.samplers.tell(selector, rate, domain)
  }

  /** Sets the rate of an interface, as a domain announced it. */
  tellInterface(index: number, rate: number, domain: number): void {
    const byInterface = this.byInterface as Map<number, number>
    byInterface.set(index, rate)
    this.#interfaceDomains.set(index, domain)
  }

  /** Sets the sampler of a selection sequence. */
  tellSequence(sequence: number, selector: number): void {
    const bySequence = this.bySequence as Map<number, number>
    bySequence.set(sequence, selector)
  }

  /** Forgets what a domain announced: its process is not the one that did. */
  forgetDomain(domain: number): void {
    this.domains.forgetBy(domain)
    for (const [selector, by] of this.#selectorDomains) {
      if (by !== domain) continue
      this.#selectorDomains.delete(selector)
      const bySelector = this.bySelector as Map<number, number>
      bySelector.delete(selector)
      this.samplers.forget(selector)
    }
    for (const [index, by] of this.#interfaceDomains) {
      if (by !== domain) continue
      this.#interfaceDomains.delete(index)
      const byInterface = this.byInterface as Map<number, number>
      byInterface.delete(index)
    }
  }

  /** Notes that a domain announced what another object has; for what was restored. */
  attribute({ bySelector, byInterface }: Sampling, domain: number): void {
    for (const selector of bySelector.keys()) this.#selectorDomains.set(selector, domain)
    for (const index of byInterface.keys()) this.#interfaceDomains.set(index, domain)
  }
}

/** A rate that can be stored: an integer from 1, or null if the numbers give none. */
function asRate(rate: number): number | null {
  return rate >= 1 && rate <= samplingMax ? Math.round(rate) : null
}

/** Stands for sampling that names no sampler, in UnknownSamplers. */
export const anySampler = -1
/** Stands for records of a domain that name no sampler where announced rates differ, in UnknownSamplers. */
export const noneOfSeveral = (domain: number) => anySampler - 1 - domain
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

  /** All announced rates agree now. */
  removeSeveral(): void {
    for (const id of this.ids) if (id < anySampler) this.ids.delete(id)
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
