/**
 * This machine's clock: notices when it was set forward, or the machine slept. That time did not pass here, so nobody
 * listened in it.
 */

/** A smaller difference from the time that passed is no step. */
const stepMsMin = 5000

export interface ClockStep {
  /** What the clock said at the look before and at this one, unix ms. */
  from: number
  to: number
  /** How much time passed between them, ms. */
  passedMs: number
}

export class ClockSteps {
  #last: { wallMs: number; monotonicMs: number } | null = null

  /**
   * The step forward since the last look, from the clock (unix ms) and a clock that nobody sets;
   * null: there was none.
   */
  look(wallMs: number, monotonicMs: number): ClockStep | null {
    const last = this.#last
    this.#last = { wallMs, monotonicMs }
    if (!last) return null
    const passedMs = monotonicMs - last.monotonicMs
    const isStep = wallMs - last.wallMs - passedMs >= stepMsMin
    return isStep ? { from: last.wallMs, to: wallMs, passedMs } : null
  }
}
