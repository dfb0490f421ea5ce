/** Which of an archive's files were received last, without trusting a clock that is ahead. */
import type { ArchiveEntry } from '../entry.ts'

/**
 * Files received so much later than all before may be due to a wrong clock: ages count from them
 * only after a while.
 */
export const leapMs = 86_400_000
export const leapHeldMs = 3_600_000

/** When the newest file was received, of those received by `now`, unix ms; -Infinity if there is none. */
export function newestOf(entries: readonly ArchiveEntry[], now: number): number {
  return entries.reduce(
    (newest, { receivedTo }) => (receivedTo <= now ? Math.max(newest, receivedTo) : newest),
    Number.NEGATIVE_INFINITY,
  )
}

/** The newest time of receipt before a leap that has not lasted: the clock may be ahead since before the start. */
export function lastedOf(entries: readonly ArchiveEntry[]): number {
  const times = entries.map(({ receivedTo }) => receivedTo).sort((a, b) => a - b)
  let newest = times.at(-1) ?? Number.NEGATIVE_INFINITY
  for (let i = times.length - 1; i > 0 && newest - times[i]! < leapHeldMs; i--)
    if (times[i]! - times[i - 1]! > leapMs) newest = times[i - 1]!
  return newest
}
