/**
 * What people make and Weir keeps: dashboards, annotations, trackers, alerts, users, sessions and
 * tokens, as JSON documents in collections, and logs of what was done.
 *
 * A collection is a manifest (store/manifest.ts) in `state/`: each change is one line, durable when
 * it is answered, and readers in other processes follow it. Every document has a revision, by which
 * a writer can say which version it changes. One process writes at a time: ingest while it runs.
 */
import { join } from 'node:path'

import { Manifest, ManifestReader } from './manifest.ts'
import { takeLock, type Lock } from './lock.ts'

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

type Entry = StateDocument & { file: string }

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

/** Where documents are read: in any process. */
export interface StateReading {
  /** Those of a collection, in the order in which they were made. */
  list<Body>(collection: Collection): Promise<StateDocument<Body>[]>
  get<Body>(collection: Collection, id: string): Promise<StateDocument<Body> | null>
}

/** Where documents are changed. */
export interface StateWriting {
  /**
   * Makes one change, durable when it resolves; null where a document was removed.
   * @throws StateRefused
   */
  change(change: StateChange): Promise<StateDocument | null>
}

/** The file of a collection in the data folder. */
function pathOf(data: string, collection: Collection): string {
  return join(data, 'state', `${collection}.jsonl`)
}

/** Follows the state of a data folder, which another process may change. */
export class StateReader implements StateReading {
  readonly #readers = new Map<Collection, ManifestReader<Entry>>()
  readonly #data: string

  constructor(data: string) {
    this.#data = data
  }

  async list<Body>(collection: Collection): Promise<StateDocument<Body>[]> {
    return (await this.#entries(collection)).map((entry) => documentOf<Body>(entry))
  }

  async get<Body>(collection: Collection, id: string): Promise<StateDocument<Body> | null> {
    const found = (await this.#entries(collection)).find(({ file }) => file === id)
    return found ? documentOf<Body>(found) : null
  }

  #entries(collection: Collection): Promise<readonly Entry[]> {
    let reader = this.#readers.get(collection)
    if (!reader) {
      reader = new ManifestReader<Entry>(pathOf(this.#data, collection))
      this.#readers.set(collection, reader)
    }
    return reader.entries()
  }
}

/** The one writer of a data folder's state. */
export class StateStore implements StateReading, StateWriting {
  readonly #manifests = new Map<Collection, Manifest<Entry>>()
  readonly #lock: Lock
  readonly #now: () => number
  readonly #listeners: ((change: StateChange) => void)[] = []
  #work: Promise<unknown> = Promise.resolve()

  private constructor(lock: Lock, now: () => number) {
    this.#lock = lock
    this.#now = now
  }

  /** Opens the state for writing; null where another process has it. */
  static async open(data: string, now: () => number = Date.now): Promise<StateStore | null> {
    const lock = await takeLock(join(data, 'run', 'state.sock'))
    if (!lock) return null
    const store = new StateStore(lock, now)
    try {
      for (const collection of Object.keys(collections) as Collection[])
        store.#manifests.set(collection, await Manifest.open<Entry>(pathOf(data, collection)))
    } catch (error) {
      await store.close()
      throw error
    }
    return store
  }

  /** Calls back after each change. */
  onChange(listener: (change: StateChange) => void): void {
    this.#listeners.push(listener)
  }

  async list<Body>(collection: Collection): Promise<StateDocument<Body>[]> {
    return this.#manifest(collection)
      .entries()
      .map((entry) => documentOf<Body>(entry))
  }

  async get<Body>(collection: Collection, id: string): Promise<StateDocument<Body> | null> {
    const found = this.#find(collection, id)
    return found ? documentOf<Body>(found) : null
  }

  /** Changes are made one after the other, so that a revision means what it says. */
  change(change: StateChange): Promise<StateDocument | null> {
    const done = this.#work.then(() => this.#change(change))
    this.#work = done.catch(() => undefined)
    return done
  }

  async close(): Promise<void> {
    await this.#work
    for (const manifest of this.#manifests.values()) await manifest.close()
    await this.#lock.release()
  }

  async #change(change: StateChange): Promise<StateDocument | null> {
    const { collection, id, body } = change
    const manifest = this.#manifest(collection)
    const before = this.#find(collection, id)
    this.#check(change, before)
    if (body === undefined) {
      await manifest.commit({ remove: [id] })
      this.#tell(change)
      return null
    }
    const now = this.#now()
    const entry: Entry = {
      file: id,
      id,
      revision: (before?.revision ?? 0) + 1,
      createdAt: before?.createdAt ?? now,
      changedAt: now,
      body,
    }
    await manifest.commit({ add: [entry] })
    this.#tell(change)
    return documentOf(entry)
  }

  #check({ collection, id, body, revision }: StateChange, before: Entry | undefined): void {
    if (!new RegExp(idPattern).test(id))
      throw new StateRefused('bad-id', `"${id.slice(0, 100)}" cannot be an id`)
    if (revision !== undefined && revision !== (before?.revision ?? 0))
      throw new StateRefused('changed', `${collection}/${id} was changed by somebody else`)
    if (body === undefined) {
      if (!before) throw new StateRefused('absent', `there is no ${collection}/${id}`)
      return
    }
    const { countMax, bytesMax } = collections[collection]
    if (!before && this.#manifest(collection).entries().length >= countMax)
      throw new StateRefused('full', `${collection} holds ${countMax} already`)
    const bytes = Buffer.byteLength(JSON.stringify(body))
    if (bytes > bytesMax)
      throw new StateRefused('too-large', `${bytes} bytes; ${bytesMax} is the most`)
  }

  #find(collection: Collection, id: string): Entry | undefined {
    return this.#manifest(collection)
      .entries()
      .find(({ file }) => file === id)
  }

  #manifest(collection: Collection): Manifest<Entry> {
    return this.#manifests.get(collection)!
  }

  #tell(change: StateChange): void {
    for (const listener of this.#listeners) listener(change)
  }
}

function documentOf<Body>(entry: Entry): StateDocument<Body> {
  const { id, revision, createdAt, changedAt, body } = entry
  return { id, revision, createdAt, changedAt, body: body as Body }
}
