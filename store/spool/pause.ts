/** When a store may be asked again after it would not take something. */
import type { FaultKind, StoreFault } from './fault.ts'

/** First wait and longest, ms; each failure doubles it. */
const waits: Partial<Record<FaultKind, { first: number; most: number }>> = {
  refused: { first: 5000, most: 60_000 },
  missing: { first: 5000, most: 60_000 },
  unsupported: { first: 10_000, most: 60_000 },
}
const waitDefault = { first: 1000, most: 30_000 }
/** Waits are up to so much longer, by chance, so that several collectors do not come back as one. */
const jitter = 0.25

export class Pause {
  /** What the store is waited for, and since when (unix ms); null while all is well. */
  fault: StoreFault | null = null
  since = 0
  retryAt = 0
  #failures = 0
  readonly #now: () => number
  readonly #random: () => number

  constructor(now: () => number, random: () => number = Math.random) {
    this.#now = now
    this.#random = random
  }

  /** A request failed: nothing is asked before `retryAt`, and never before the store's own Retry-After. */
  begin(fault: StoreFault): void {
    const now = this.#now()
    if (!this.fault) this.since = now
    this.fault = fault
    const asked = now + (fault.retryAfterMs ?? 0)
    // Of requests that were in flight together, the second to fail is no failure more.
    if (now < this.retryAt) {
      this.retryAt = Math.max(this.retryAt, asked)
      return
    }
    const { first, most } = waits[fault.kind] ?? waitDefault
    const wait = Math.min(most, first * 2 ** Math.min(this.#failures++, 16))
    this.retryAt = Math.max(asked, now + wait * (1 + jitter * this.#random()))
  }

  /** A request was answered as it should be. */
  end(): void {
    this.fault = null
    this.#failures = 0
  }

  /** ms until something may be asked; 0 for now. */
  get leftMs(): number {
    return this.fault ? Math.max(0, this.retryAt - this.#now()) : 0
  }
}
