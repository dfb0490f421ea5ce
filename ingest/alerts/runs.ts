/** Decides which runs of alarming intervals are news. */

/** The verdict on one interval. */
export interface Judged {
  /** Its start, unix ms. */
  interval: number
  isAmiss: boolean
}

/** The news of one subject, and up to which interval (its start) it has been reported. */
interface News {
  /** The interval to report; null if there is no news. */
  toReport: number | null
  reportedUntil: number | null
}

interface RunRules {
  intervals: number
  isEach: boolean
  reportedUntil: number | null
  /** A run that the first judged interval belongs to was reported before. */
  isReported?: boolean
}

/**
 * Goes through judged intervals, oldest first. A run of at least `intervals` is reported once, or,
 * with `isEach`, at every interval that extends it. A run continues a reported one if no normal
 * interval lies between. Late flows may change earlier verdicts: a run that only then becomes
 * visible is reported then.
 */
export function newsOf(
  judged: readonly Judged[],
  { intervals, isEach, reportedUntil, isReported = false }: RunRules,
): News {
  let inRow = isReported ? intervals : 0
  let until = reportedUntil
  let toReport: number | null = null
  let isTold = isReported
  for (const { interval, isAmiss } of judged) {
    inRow = isAmiss ? inRow + 1 : 0
    if (!isAmiss) isTold = false
    else if (until !== null && interval === until) isTold = true
    if (inRow < intervals || (until !== null && interval <= until)) continue
    if (!isTold || isEach) toReport = interval
    isTold = true
    until = interval
  }
  return { toReport, reportedUntil: until }
}
