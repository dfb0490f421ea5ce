/** The clock of an exporter, by the export times of one domain's datagrams: notices when it was set forward. */
import { clockToleranceMs } from '../decode/limits.ts'

/** It was set if it is this much further ahead than before. */
const setMsMin = 5000
/** Datagrams may be late: it was set back only if it is so much less ahead at this many in a row. */
const lateMax = 8

export class ExporterClock {
  /** How far it is ahead of this machine's clock. */
  #aheadMs: number | null = null
  /** How many datagrams in a row were later than that. */
  #late = 0

  /**
   * Takes how far it was ahead at a datagram, of which a delay makes it look less. If it was set
   * forward since the one before, returns how far it was ahead until then, else null; a clock that
   * is further off is corrected, and leaves no gap.
   */
  take(aheadMs: number): number | null {
    const before = this.#aheadMs
    if (before === null) {
      this.#aheadMs = aheadMs
      return null
    }
    const isLate = aheadMs < before - setMsMin
    this.#late = isLate ? this.#late + 1 : 0
    if (this.#late >= lateMax || aheadMs > before) this.#aheadMs = aheadMs
    const isUsed = Math.abs(before) <= clockToleranceMs && Math.abs(aheadMs) <= clockToleranceMs
    return isUsed && aheadMs - before >= setMsMin ? before : null
  }
}
