/** From when the ages of series count back, without trusting a clock that is ahead. */
import { performance } from 'node:perf_hooks'

import type { Tier } from '../../flow/interval.ts'
import { leapHeldMs, leapMs } from '../../store/archive/write/newest.ts'

export class LastedRow {
  /** Since when, by a clock that nobody sets, the newest row is far ahead; null: it is not. */
  #leaptMs: number | null = null

  /**
   * The newest row, unix ms, or while it is far ahead of the one that the last expiry counted from,
   * that one, until this has lasted. `expired`: everything before has expired, by tier.
   */
  of(foundMs: number, tiers: readonly Tier[], expired: Readonly<Record<string, number>>): number {
    const lastMs = Math.max(
      ...tiers.map(({ name, keepMs }) => (expired[name] ?? Number.NEGATIVE_INFINITY) + keepMs),
    )
    const isLeap = foundMs - lastMs > leapMs && Number.isFinite(lastMs)
    this.#leaptMs = isLeap ? (this.#leaptMs ?? performance.now()) : null
    const isHeld = this.#leaptMs !== null && performance.now() - this.#leaptMs < leapHeldMs
    return isHeld ? lastMs : foundMs
  }
}
