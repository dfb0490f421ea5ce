/** How much it takes until something is called an incident: one table, by the setting. */

export const sensitivities = ['low', 'normal', 'high'] as const
export type SensitivityName = (typeof sensitivities)[number]

export interface Sensitivity {
  /** Shorter events are not told of. */
  leastSeconds: number
  /** A congestion leaves the others at most this share of what they had. */
  othersRatio: number
  /** A surge is at least this many times the most that is usual. */
  surgeTimes: number
}

export const sensitivityTable: Record<SensitivityName, Sensitivity> = {
  low: { leastSeconds: 60, othersRatio: 0.2, surgeTimes: 20 },
  normal: { leastSeconds: 10, othersRatio: 0.35, surgeTimes: 8 },
  high: { leastSeconds: 5, othersRatio: 0.5, surgeTimes: 4 },
}
