/** The thresholds of an incident: one table, by the setting. */

export const sensitivities = ['low', 'normal', 'high'] as const
export type SensitivityName = (typeof sensitivities)[number]

export interface Sensitivity {
  /** Shorter events are not reported. */
  leastSeconds: number
  /** In a congestion the others keep at most this share of their traffic. */
  othersRatio: number
  /** A surge is at least this many times the usual maximum. */
  surgeTimes: number
}

export const sensitivityTable: Record<SensitivityName, Sensitivity> = {
  low: { leastSeconds: 60, othersRatio: 0.2, surgeTimes: 20 },
  normal: { leastSeconds: 10, othersRatio: 0.35, surgeTimes: 8 },
  high: { leastSeconds: 5, othersRatio: 0.5, surgeTimes: 4 },
}
