/** Intervals that are over: packed, held for late flows, and dropped when long over or when memory is short. */
import { intervalMs } from '../../flow/interval.ts'

/**
 * This long after an interval, most of its flows have arrived: exporters report a flow 15 s after
 * its last packet.
 */
const restingAfterMs = 15_000
/** Intervals that are over are held this long for late flows. */
const horizonMs = 3_600_000
/** Beyond this, they are dropped early; late flows then cause a rebuild from the archive. */
const restingBytesMax = 32 << 20

/** The intervals (unix ms) that ended a while ago, oldest first. */
export function restingOf(intervals: Iterable<number>, nowMs: number): number[] {
  const isResting = (interval: number) => interval + intervalMs + restingAfterMs <= nowMs
  return [...intervals].filter(isResting).sort((a, b) => a - b)
}

/** Whether an interval is over, but not yet resting. */
export function isSettling(interval: number, nowMs: number): boolean {
  return interval + intervalMs <= nowMs && nowMs < interval + intervalMs + restingAfterMs
}

/** Whether to keep the oldest resting interval, when all resting ones take this many bytes. */
export function isHeldOn(interval: number, bytes: number, nowMs: number): boolean {
  return interval >= nowMs - horizonMs && bytes <= restingBytesMax
}
