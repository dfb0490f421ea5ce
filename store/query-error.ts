/** What the archive's queries refuse. */

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
