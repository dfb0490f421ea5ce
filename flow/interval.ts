/** The 5-minute interval in which everything is counted, and the tiers derived from it. */

/** The length of an interval, in ms: RRDtool's step. */
export const intervalMs = 300_000
/** The same in seconds, as used by the web page. */
export const intervalSeconds = intervalMs / 1000

/** The start of the interval of length `stepMs` that contains `t` (unix ms; aligned to the epoch, UTC). */
export function intervalStart(t: number, stepMs: number = intervalMs): number {
  return Math.floor(t / stepMs) * stepMs
}

/** A tier: 5-minute totals, or their consolidation to a longer step. */
export interface Tier {
  /** As in settings and stored names: 5m, 30m, 2h, 1d. */
  readonly name: string
  readonly stepMs: number
  readonly keepMs: number
}

const unitMs: Record<string, number> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
}

/** A duration such as 5m, 90d or 1y in ms (y is 365 d), or null if the text is not one. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,9})(s|m|h|d|w|y)$/.exec(text.trim())
  return match ? Number(match[1]) * unitMs[match[2]!]! : null
}
