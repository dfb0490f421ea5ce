/** What can go wrong between Weir and a store on another machine, told apart by what is to be done about it. */

/**
 * away: no answer (network, time-out); busy: it asks for patience; refused: who asks may not;
 * missing: what is written to is not there; malformed: a line it cannot read; tooLarge: the request;
 * partial: it took some of the points; unsupported: a version that Weir does not know how to use.
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

/** The longest message of a store that is kept: it may repeat the line it could not read. */
const messageLengthMax = 500

/** What a store says of itself with a fault. */
export interface FaultFacts {
  /** The store's name, as people know it. */
  store: string
  kind: FaultKind
  message: string
  /** What to do about it. */
  remedy: string
  cause?: unknown
  /** How long the store asks to be left alone, ms; null where it does not say. */
  retryAfterMs?: number | null
}

/** A request that a store did not do, or not all of. */
export class StoreFault extends Error {
  readonly kind: FaultKind
  /** All that it said. */
  readonly text: string
  readonly remedy: string
  /** How the API answers a question that met it: a query that cannot be read is our own fault. */
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

  /** How many points the store says it dropped, or null. */
  get dropped(): number | null {
    return null
  }

  /** Whether what it dropped is older than it keeps. */
  get isRetention(): boolean {
    return false
  }

  /** Of the lines that were sent, those that the store names as unreadable. */
  named(_lines: readonly string[]): Set<string> {
    return new Set()
  }
}
