/** The offset between an exporter's clock and the collector's, measured from export times. */
import { clockToleranceMs } from '../limits.ts'

/** A larger jump of the exporter's clock is adopted at once. */
const jumpMs = 60_000
/**
 * Delay makes exports look older: the largest difference within this time is the clock's offset.
 */
const windowMs = 600_000

export interface SkewState {
  /**
   * Export minus receive time in ms: of the previous window, and of the current one until `until`.
   */
  before: number
  window: number
  until: number
}

export class ClockSkew {
  #isMeasured = false
  #before = 0
  #window = 0
  #until = 0

  /** Export minus receive time in ms; null before the first measurement. */
  get ms(): number | null {
    return this.#isMeasured ? Math.max(this.#before, this.#window) : null
  }

  /** Takes one datagram; returns the correction of its times in ms: 0 within 5 minutes. */
  measure(exportMs: number, receivedMs: number): number {
    const now = exportMs - receivedMs
    const held = Math.max(this.#before, this.#window)
    if (!this.#isMeasured || Math.abs(now - held) > jumpMs) {
      this.#isMeasured = true
      this.#before = now
      this.#window = now
      this.#until = receivedMs + windowMs
    } else if (receivedMs > this.#until) {
      this.#before = this.#window
      this.#window = now
      this.#until = receivedMs + windowMs
    } else if (now > this.#window) this.#window = now
    const skew = Math.max(this.#before, this.#window)
    return Math.abs(skew) > clockToleranceMs ? Math.round(skew) : 0
  }

  snapshot(): SkewState | null {
    const [before, window, until] = [this.#before, this.#window, this.#until]
    return this.#isMeasured ? { before, window, until } : null
  }

  restore({ before, window, until }: SkewState): void {
    this.#isMeasured = true
    this.#before = before
    this.#window = window
    this.#until = until
  }
}
