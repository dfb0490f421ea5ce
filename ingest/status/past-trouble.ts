/** Warnings about what is over: nothing can be done about it any more, but somebody should know. */
import type { Warning } from '../../flow/status.ts'

const warnedSeconds = 86_400

/** The warning, with its last time (unix seconds; null or undefined: never), for a day after it. */
export function warnedForADay(
  at: number | null | undefined,
  nowSeconds: number,
  { what, remedy }: Warning,
): Warning[] {
  if (at === null || at === undefined || nowSeconds - at >= warnedSeconds) return []
  const last = timeOf(Math.floor(at))
  return [{ what: `${what}, the last at ${last}`, remedy: `${remedy}; this is said for a day` }]
}

/** A time in whole unix seconds as text. */
export function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000', '')
}
