/** What can go wrong between Weir and a store on another machine, classified by remedy. */

/**
 * away: no answer (network, time-out); busy: it asks to wait; refused: no permission; missing: the
 * target does not exist; malformed: an unreadable line; tooLarge: the request; partial: it took some
 * of the points; unsupported: a version that Weir cannot use.
 */
export type FaultKind =
  | 'away'
  | 'busy'
  | 'refused'
  | 'missing'
  | 'malformed'
  | 'tooLarge'
  | 'partial'
  | 'unsupported'

/** The longest error message kept: a store may repeat the unreadable line in it. */
const messageLengthMax = 500

/** What a store reports with a fault. */
interface FaultFacts {
  /** The store's display name. */
  store: string
  kind: FaultKind
  message: string
  /** What to do about it. */
  remedy: string
  cause?: unknown
  /** How long the store asks to wait, ms; null if it does not say. */
  retryAfterMs?: number | null
}

/** A request that a store did not carry out, or only in part. */
export class StoreFault extends Error {
  readonly kind: FaultKind
  /** The complete message. */
  readonly text: string
  readonly remedy: string
  /** The API's status for a query that fails with it: an unreadable query is our own fault. */
  readonly statusCode: number
  readonly retryAfterMs: number | null

  constructor({ store, kind, message, remedy, cause, retryAfterMs = null }: FaultFacts) {
    super(`${store}: ${message.slice(0, messageLengthMax)}`, { cause })
    this.name = 'StoreFault'
    this.kind = kind
    this.text = message
    this.remedy = remedy
    this.statusCode = kind === 'malformed' ? 500 : 503
    this.retryAfterMs = retryAfterMs
  }

  /** How many points the store reports as dropped, or null. */
  get dropped(): number | null {
    return null
  }

  /** Whether the dropped points are older than the store's retention. */
  get isRetention(): boolean {
    return false
  }

  /** The sent lines that the store names as unreadable. */
  named(_lines: readonly string[]): Set<string> {
    return new Set()
  }
}
