/** Rates that an exporter announces again and again, by sampler or by domain, and whether they agree. */

/**
 * A rate of which nothing was said while another one was announced this many times is one of before
 * the configuration changed.
 */
const roundsMax = 3
/** Most rates held; beyond, those announced longest ago are dropped. */
const ratesMax = 8192

interface CurrentRate {
  /** 0: it does not sample, which does not count when rates are compared. */
  rate: number
  /** The domain that announced it. */
  by: number
  /** The round in which it was last announced: see CurrentRates. */
  round: number
}

/** For a snapshot. Builds before 2026-11-30 did not keep who announced it. */
export type RateEntry = [id: number, rate: number, roundsAgo: number, by?: number]

/** A round ends when a rate that was announced in it is announced again: exporters send whole tables. */
export class CurrentRates {
  /** By sampler or domain, announced longest ago first. */
  readonly #rates = new Map<number, CurrentRate>()
  /** How many have each rate. */
  readonly #counts = new Map<number, number>()
  #round = 0
  /** The rate of all of them; null if there is none, or they differ. */
  agreed: number | null = null

  /** Whether there are several rates. */
  get differ(): boolean {
    return this.#counts.size > 1
  }

  /** The rate of a sampler or domain, 0 if it does not sample; null if nothing is announced. */
  of(id: number): number | null {
    return this.#rates.get(id)?.rate ?? null
  }

  /** Takes an announcement by a domain; a rate of 0 says that there is no sampling. */
  tell(id: number, rate: number, by: number): void {
    if (this.#rates.get(id)?.round === this.#round) this.#round++
    this.#put(id, { rate, by, round: this.#round })
    for (const [oldest, { round }] of this.#rates) {
      if (round > this.#round - roundsMax && this.#rates.size <= ratesMax) break
      this.#drop(oldest)
    }
    this.#agree()
  }

  /** Forgets what was announced of a sampler or domain. */
  forget(id: number): void {
    this.#drop(id)
    this.#agree()
  }

  /** Forgets what a domain announced. */
  forgetBy(domain: number): void {
    for (const [id, { by }] of this.#rates) if (by === domain) this.#drop(id)
    this.#agree()
  }

  /** For a snapshot. */
  entries(): RateEntry[] {
    return [...this.#rates].map(([id, { rate, by, round }]) => [id, rate, this.#round - round, by])
  }

  /** Restores what `entries` gave. */
  restore(entries: Iterable<Readonly<RateEntry>>): void {
    this.#rates.clear()
    this.#counts.clear()
    this.#round = roundsMax
    for (const [id, rate, ago, by = id] of entries)
      this.#put(id, { rate, by, round: this.#round - ago })
    this.#agree()
  }

  #agree(): void {
    this.agreed = this.#counts.size === 1 ? this.#counts.keys().next().value! : null
  }

  #put(id: number, current: CurrentRate): void {
    this.#drop(id)
    this.#rates.set(id, current)
    if (current.rate === 0) return
    this.#counts.set(current.rate, (this.#counts.get(current.rate) ?? 0) + 1)
  }

  #drop(id: number): void {
    const held = this.#rates.get(id)
    if (!held) return
    this.#rates.delete(id)
    if (held.rate === 0) return
    const others = this.#counts.get(held.rate)! - 1
    if (others === 0) this.#counts.delete(held.rate)
    else this.#counts.set(held.rate, others)
  }
}
