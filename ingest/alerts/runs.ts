/** Runs of intervals that are amiss: which of them are news. */

/** What one interval was judged to be. */
export interface Judged {
  /** Its start, unix ms. */
  interval: number
  isAmiss: boolean
}

/** The news of one subject, and until when (start of an interval) it has been told of. */
export interface News {
  /** The interval to tell of; null where there is no news. */
  tell: number | null
  toldUntil: number | null
}

/**
 * Looks through judged intervals, the oldest first. A run of at least `intervals` is told of once,
 * or, with `isEach`, at every interval that makes it longer. A run goes on from one that was told of
 * where no interval that was well lies between. Late flows may change what was judged before: a run
 * that shows only then is told of then.
 */
export function newsOf(
  judged: readonly Judged[],
  {
    intervals,
    isEach,
    toldUntil,
  }: { intervals: number; isEach: boolean; toldUntil: number | null },
): News {
  let inRow = 0
  let until = toldUntil
  let tell: number | null = null
  let isTold = false
  for (const { interval, isAmiss } of judged) {
    inRow = isAmiss ? inRow + 1 : 0
    if (!isAmiss) isTold = false
    else if (until !== null && interval === until) isTold = true
    if (inRow < intervals || (until !== null && interval <= until)) continue
    if (!isTold || isEach) tell = interval
    isTold = true
    until = interval
  }
  return { tell, toldUntil: until }
}
