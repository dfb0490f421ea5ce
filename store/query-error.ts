/** What queries of flows refuse. */

/** A query that would cost, or has cost, more than its limits allow; `remedy` says what to ask instead. */
export class QueryTooLarge extends Error {
  readonly remedy: string
  /** What was counted against the limit, where it could be told beforehand. */
  readonly estimate: number | null

  constructor(message: string, remedy: string, estimate: number | null = null) {
    super(message)
    this.name = 'QueryTooLarge'
    this.remedy = remedy
    this.estimate = estimate
  }
}

/** The refusal of a window from which too many flows would have to be read one by one. */
export function tooManyFlows(rowsMax: number): QueryTooLarge {
  return new QueryTooLarge(
    `the window holds more than ${rowsMax} flows`,
    'ask for a shorter time, or for one exporter',
  )
}
