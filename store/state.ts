/**
 * What people make and Weir keeps: dashboards, annotations, trackers, alerts, users, sessions and
 * tokens, as JSON documents in collections. Every document has a revision, by which a writer can say
 * which version it changes. They lie in the data folder (state-files.ts), or, where several machines
 * share a cluster, in ClickHouse (clickhouse/state.ts).
 */

/** The collections, with the most documents each holds and the most bytes of one as JSON. */
export const collections = {
  annotations: { countMax: 10_000, bytesMax: 8192 },
  dashboards: { countMax: 500, bytesMax: 65_536 },
  /** Reports that were given a name. */
  reports: { countMax: 1000, bytesMax: 16_384 },
  trackers: { countMax: 2000, bytesMax: 32_768 },
  alerts: { countMax: 1000, bytesMax: 16_384 },
  /** What was told of each alert: see store/alert.ts. */
  'alert-standings': { countMax: 1000, bytesMax: 32_768 },
  users: { countMax: 1000, bytesMax: 4096 },
  sessions: { countMax: 10_000, bytesMax: 4096 },
  tokens: { countMax: 1000, bytesMax: 4096 },
  /** Names that were found for addresses: see names in the API. */
  'host-names': { countMax: 50_000, bytesMax: 4096 },
} as const satisfies Record<string, { countMax: number; bytesMax: number }>

export type Collection = keyof typeof collections

/** Identifiers are short and plain, so that they stand in addresses and file names as they are. */
export const idPattern = '^[a-z0-9A-Z_][a-z0-9A-Z_.:-]{0,99}$'

/** A document as it is kept; times are unix ms. */
export interface StateDocument<Body = unknown> {
  id: string
  /** 1 when it is made, one more with each change. */
  revision: number
  createdAt: number
  changedAt: number
  body: Body
}

/** Why a change was not made. */
export type StateRefusal = 'changed' | 'absent' | 'full' | 'too-large' | 'bad-id'

/** A change that was not made: the document is not what the writer thought, or there is no room. */
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
  /** The document's new content; absent: it is removed. */
  body?: unknown
  /** The revision that is changed; 0: there must be none yet. Absent: whatever is there. */
  revision?: number | undefined
}

/** How old an answer may be that is wanted quickly; without this it is as of now. */
export interface Lately {
  keptMs: number
  /** And while the store on another machine does not answer. */
  awayMs: number
}

/** Where documents are read: in any process. Of the data folder all is as of now. */
export interface StateReading {
  /** Those of a collection, in the order in which they were made. */
  list<Body>(collection: Collection, lately?: Lately): Promise<StateDocument<Body>[]>
  /** A document that is not there is looked for as of now, whatever `lately` says. */
  get<Body>(
    collection: Collection,
    id: string,
    lately?: Lately,
  ): Promise<StateDocument<Body> | null>
}

/** Where documents are changed. */
export interface StateWriting {
  /**
   * Makes one change, durable when it resolves; null where a document was removed.
   * @throws StateRefused
   */
  change(change: StateChange): Promise<StateDocument | null>
}

/** The state as a process that collects has it. */
export interface OpenState extends StateReading, StateWriting {
  /** Calls back after each change, sooner or later also of those that others made. */
  onChange(listener: (change: Pick<StateChange, 'collection'>) => void): void
  close(): Promise<void>
}

/**
 * What speaks against a change, given the document that is there and how many its collection holds.
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
    throw new StateRefused('too-large', `${bytes} bytes; ${bytesMax} is the most`)
}

/** The document that a change makes of the one that was there. */
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
