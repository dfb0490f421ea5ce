/**
 * Wrong passwords: after a few, the caller must wait, longer each time but never for ever. Counted
 * by address and user together, so that nobody elsewhere can lock the admin out, and by address
 * alone, so that one address cannot try every user.
 */

/** Wrong passwords without a wait. */
const freeTries = { pair: 5, address: 50 }
/** The first wait; each further wrong password doubles it, up to the longest. */
const firstWaitMs = 1000
const longestWaitMs = 300_000
/** After this long without a wrong password the count is forgotten. */
const forgottenMs = 3_600_000
/**
 * Addresses and pairs remembered; above that, the one whose last wrong password is oldest is
 * forgotten.
 */
const rememberedMax = 20_000

interface Tries {
  wrong: number
  lastMs: number
}

export class Lockout {
  readonly #tries = new Map<string, Tries>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  /** How long (ms) this address must wait before it may try that user; 0: no wait. */
  waitMs(address: string, user: string): number {
    return Math.max(
      this.#wait(pairOf(address, user), freeTries.pair),
      this.#wait(address, freeTries.address),
    )
  }

  /** Records a wrong password. */
  wrong(address: string, user: string): void {
    for (const key of [address, pairOf(address, user)]) {
      const before = this.#tries.get(key)
      const now = this.#now()
      const isOld = before !== undefined && now - before.lastMs > forgottenMs
      this.#tries.delete(key)
      this.#tries.set(key, { wrong: (isOld ? 0 : (before?.wrong ?? 0)) + 1, lastMs: now })
    }
    while (this.#tries.size > rememberedMax) {
      const [oldest] = this.#tries.keys()
      this.#tries.delete(oldest!)
    }
  }

  /** Clears the wrong passwords after a right one. */
  right(address: string, user: string): void {
    this.#tries.delete(pairOf(address, user))
  }

  #wait(key: string, free: number): number {
    const tries = this.#tries.get(key)
    if (!tries || tries.wrong < free) return 0
    const wait = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(20, tries.wrong - free))
    return Math.max(0, tries.lastMs + wait - this.#now())
  }
}

function pairOf(address: string, user: string): string {
  return `${address} ${user}`
}
