/**
 * User documents: dashboards, annotations, trackers, alerts, users, sessions and tokens, as JSON
 * documents in collections. Every document has a revision, so that a writer can say which version it
 * changes. They are stored in the data folder (files.ts), or, if several machines share a
 * cluster, in ClickHouse (clickhouse/state.ts).
 */

/** The collections, with the most documents in each and the most bytes of one as JSON. */
export const collections = {
  annotations: { countMax: 10_000, bytesMax: 8192 },
  dashboards: { countMax: 500, bytesMax: 65_536 },
  /** Named reports. */
  reports: { countMax: 1000, bytesMax: 16_384 },
  trackers: { countMax: 2000, bytesMax: 32_768 },
  alerts: { countMax: 1000, bytesMax: 16_384 },
  /** The state of each alert: see store/alert.ts. */
  'alert-standings': { countMax: 1000, bytesMax: 32_768 },
  users: { countMax: 1000, bytesMax: 4096 },
  sessions: { countMax: 10_000, bytesMax: 4096 },
  tokens: { countMax: 1000, bytesMax: 4096 },
  /** Names found for addresses: see names in the API. */
  'host-names': { countMax: 50_000, bytesMax: 4096 },
} as const satisfies Record<string, { countMax: number; bytesMax: number }>

export type Collection = keyof typeof collections

/** Identifiers are short and plain, so that they can be used unencoded in URLs and file names. */
export const idPattern = '^[a-z0-9A-Z_][a-z0-9A-Z_.:@-]{0,99}$'

/** A document as stored; times are unix ms. */
export interface StateDocument<Body = unknown> {
  id: string
  /** 1 when created, one more with each change. */
  revision: number
  createdAt: number
  changedAt: number
  body: Body
}

/** Why a change was not made. */
export type StateRefusal = 'changed' | 'absent' | 'full' | 'too-large' | 'bad-id'

/** A refused change: the document is not what the writer expected, or there is no room. */
export class StateRefused extends Error {
  readonly reason: StateRefusal

  constructor(reason: StateRefusal, message: string) {
    super(message)
    this.name = 'StateRefused'
    this.reason = reason
  }
}

export interface StateChange {
  collection: Collection
  id: string
  /** The document's new content; absent: remove it. */
  body?: unknown
  /** The revision to change; 0: the document must not exist yet. Absent: any. */
  revision?: number | undefined
}

/** How old a quick answer may be; without this it is current. */
export interface MaxAge {
  keptMs: number
  /** The same while the store on another machine does not answer. */
  awayMs: number
}

/** Where documents are read, in any process. The data folder is always current. */
export interface StateReading {
  /** The documents of a collection, in order of creation. */
  list<Body>(collection: Collection, maxAge?: MaxAge): Promise<StateDocument<Body>[]>
  /** A missing document is looked up afresh, whatever `maxAge` says. */
  get<Body>(
    collection: Collection,
    id: string,
    maxAge?: MaxAge,
  ): Promise<StateDocument<Body> | null>
}

/** Changes documents. */
export interface StateWriting {
  /**
   * Makes one change, durable when it resolves; null if a document was removed.
   * @throws StateRefused
   */
  change(change: StateChange): Promise<StateDocument | null>
}

/** The state as held by a collecting process. */
export interface OpenState extends StateReading, StateWriting {
  /** Calls back after each change, eventually also after those made by others. */
  onChange(listener: (change: Pick<StateChange, 'collection'>) => void): void
  close(): Promise<void>
}

/**
 * Refuses an invalid change, given the existing document and the number in its collection.
 * @throws StateRefused
 */
export function checkChange(
  { collection, id, body, revision }: StateChange,
  before: StateDocument | undefined,
  count: number,
): void {
  if (!new RegExp(idPattern).test(id))
    throw new StateRefused('bad-id', `"${id.slice(0, 100)}" cannot be an id`)
  if (revision !== undefined && revision !== (before?.revision ?? 0))
    throw new StateRefused('changed', `${collection}/${id} was changed by somebody else`)
  if (body === undefined) {
    if (!before) throw new StateRefused('absent', `there is no ${collection}/${id}`)
    return
  }
  const { countMax, bytesMax } = collections[collection]
  if (!before && count >= countMax)
    throw new StateRefused('full', `${collection} holds ${countMax} already`)
  const bytes = Buffer.byteLength(JSON.stringify(body))
  if (bytes > bytesMax)
    throw new StateRefused(
      'too-large',
      `the document has ${bytes} bytes; at most ${bytesMax} are allowed`,
    )
}

/** The document after a change. */
export function documentAfter(
  { id, body }: StateChange,
  before: StateDocument | undefined,
  now: number,
): StateDocument {
  return {
    id,
    revision: (before?.revision ?? 0) + 1,
    createdAt: before?.createdAt ?? now,
    changedAt: now,
    body,
  }
}
