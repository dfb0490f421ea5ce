/** The time as Weir has it: this device's clock may be wrong, and all that is shown has Weir's times. */
import { signal } from '@preact/signals'

/** A smaller difference is not corrected: what is shown is of whole minutes, and answers take a while. */
const differenceMinMs = 120_000
/** A difference that is known is corrected again only when it has changed by so much. */
const driftMinMs = 10_000

/** How far Weir's clock is ahead of this device's, in ms. */
export const clockAhead = signal(0)

/** Unix ms. */
export function clockNow(): number {
  return Date.now() + clockAhead.value
}

/** Takes Weir's time (unix seconds) from an answer, by when it was asked for and came (unix ms, by this device). */
export function takeServerTime(seconds: number, asked: number, came: number): void {
  const found = seconds * 1000 - (asked + came) / 2
  const ahead = Math.abs(found) - (came - asked) / 2 < differenceMinMs ? 0 : found
  if (ahead === 0 || Math.abs(ahead - clockAhead.peek()) > driftMinMs) clockAhead.value = ahead
}
