/** Refusals of flow queries. */

/** A query that would exceed, or has exceeded, its limits; `remedy` says what to ask instead. */
export class QueryTooLarge extends Error {
  readonly remedy: string
  /** The count compared with the limit, if it was known in advance. */
  readonly estimate: number | null

  constructor(message: string, remedy: string, estimate: number | null = null) {
    super(message)
    this.name = 'QueryTooLarge'
    this.remedy = remedy
    this.estimate = estimate
  }
}

/**
 * For `catch`: null in place of an answer that was refused.
 * @throws any other error
 */
export function nullIfTooLarge(error: unknown): null {
  if (error instanceof QueryTooLarge) return null
  throw error
}

/** The refusal of a window with too many flows to read individually. */
export function tooManyFlows(rowsMax: number): QueryTooLarge {
  return new QueryTooLarge(
    `the window holds more than ${rowsMax} flows`,
    'ask for a shorter time, or for one exporter',
  )
}
