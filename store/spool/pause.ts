/** When to retry after a store refused something. */
import type { FaultKind, StoreFault } from './fault.ts'

/** First and longest wait, ms; it doubles with each failure. */
const waits: Partial<Record<FaultKind, { first: number; most: number }>> = {
  refused: { first: 5000, most: 60_000 },
  missing: { first: 5000, most: 60_000 },
  unsupported: { first: 10_000, most: 60_000 },
}
const waitDefault = { first: 1000, most: 30_000 }
/**
 * Waits are randomly longer by up to this share, so that several collectors do not return at once.
 */
const jitter = 0.25

export class Pause {
  /** Why the store is being waited for, and since when (unix ms); null while all is well. */
  fault: StoreFault | null = null
  since = 0
  #begunMs = 0
  #retryMs = 0
  #failures = 0
  readonly #now: () => number
  readonly #random: () => number
  readonly #passed: () => number

  /** `now`: unix ms, for showing; `passed`: a clock that nobody sets, for waiting, ms. */
  constructor(now: () => number, random = Math.random, passed = () => performance.now()) {
    this.#now = now
    this.#random = random
    this.#passed = passed
  }

  /**
   * After a failed request: no requests while `leftMs` is above 0, and never before the store's own Retry-After.
   */
  begin(fault: StoreFault): void {
    const now = this.#passed()
    if (!this.fault) {
      this.since = this.#now()
      this.#begunMs = now
    }
    this.fault = fault
    const earliest = now + (fault.retryAfterMs ?? 0)
    // A second failure among requests in flight together does not count again.
    if (now < this.#retryMs) {
      this.#retryMs = Math.max(this.#retryMs, earliest)
      return
    }
    const { first, most } = waits[fault.kind] ?? waitDefault
    const wait = Math.min(most, first * 2 ** Math.min(this.#failures++, 16))
    this.#retryMs = Math.max(earliest, now + wait * (1 + jitter * this.#random()))
  }

  /** After a successful request. */
  end(): void {
    this.fault = null
    this.#failures = 0
  }

  /** ms until the next request is allowed; 0 for now. */
  get leftMs(): number {
    return this.fault ? Math.max(0, this.#retryMs - this.#passed()) : 0
  }

  /** How long the store has been waited for, ms; 0 while all is well. */
  get waitedMs(): number {
    return this.fault ? this.#passed() - this.#begunMs : 0
  }

  /** When the next request is allowed, unix ms. */
  get retryAt(): number {
    return this.#now() + this.leftMs
  }
}
