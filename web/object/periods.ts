/** The fixed graphs of an object, as in RRDtool and MRTG, each at the step that fits it. */

export interface Period {
  label: string
  /** A time relative to now. */
  from: string
  stepSeconds: number
}

const day = 86_400

export const periods: readonly Period[] = [
  { label: 'Day', from: 'now-24h', stepSeconds: 300 },
  { label: 'Week', from: 'now-7d', stepSeconds: 1800 },
  { label: '4 weeks', from: 'now-28d', stepSeconds: 7200 },
  { label: 'Year', from: 'now-1y', stepSeconds: day },
  { label: '3 years', from: 'now-3y', stepSeconds: day },
]
