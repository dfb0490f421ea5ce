/** Intervals that are over: held for late flows, in less room, and let go where they are long over or memory is short. */
import { intervalMs } from '../../flow/interval.ts'

/** So long after its end most flows of an interval have come: exporters tell of one 15 s after its last packet. */
const restingAfterMs = 15_000
/** Closed intervals are held this long for late flows. */
const horizonMs = 3_600_000
/** Beyond this, they are let go early; late flows are then taken from the archive. */
const restingBytesMax = 32 << 20

/** Those of some intervals (unix ms) that have been over for a while, the oldest first. */
export function restingOf(intervals: Iterable<number>, nowMs: number): number[] {
  const isResting = (interval: number) => interval + intervalMs + restingAfterMs <= nowMs
  return [...intervals].filter(isResting).sort((a, b) => a - b)
}

/** Whether the oldest interval that rests is held on, where all that rest take so many bytes. */
export function isHeldOn(interval: number, bytes: number, nowMs: number): boolean {
  return interval >= nowMs - horizonMs && bytes <= restingBytesMax
}
