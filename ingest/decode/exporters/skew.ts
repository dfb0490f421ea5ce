/** How far an exporter's clock is off the collector's, from when its datagrams say they were exported. */
import { clockToleranceMs } from '../limits.ts'

/** A jump of the exporter's clock beyond this is taken over at once. */
const jumpMs = 60_000
/** Delay makes an export seem earlier: the greatest difference of this long is the clock's own. */
const windowMs = 600_000

export interface SkewState {
  /** Export minus receipt in ms: of the window before, and of the one that is open until `until`. */
  before: number
  window: number
  until: number
}

export class ClockSkew {
  #isMeasured = false
  #before = 0
  #window = 0
  #until = 0

  /** Export time minus receipt in ms; null before anything was measured. */
  get ms(): number | null {
    return this.#isMeasured ? Math.max(this.#before, this.#window) : null
  }

  /** Takes in one datagram; gives what its times must be corrected by, in ms: 0 within 5 minutes. */
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
