/**
 * State in the data folder. A collection is a manifest (manifest.ts) in `state/`: each change is one
 * line, durable when answered, and readers in other processes follow it. One process writes at a
 * time: ingest while it runs.
 */
import { join } from 'node:path'

import { takeLock, type Lock } from '../disk/lock.ts'
import { Manifest } from '../manifest/manifest.ts'
import { ManifestReader } from '../manifest/reader.ts'
import {
  checkChange,
  collections,
  documentAfter,
  type Collection,
  type OpenState,
  type StateChange,
  type StateDocument,
  type StateReading,
} from './state.ts'

type Entry = StateDocument & { file: string }

/** The file of a collection in the data folder. */
function pathOf(data: string, collection: Collection): string {
  return join(data, 'state', `${collection}.jsonl`)
}

/** Follows the state in a data folder, which another process may change. */
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

/** The single writer of a data folder's state. */
export class StateStore implements OpenState {
  readonly #manifests = new Map<Collection, Manifest<Entry>>()
  readonly #lock: Lock
  readonly #now: () => number
  readonly #listeners: ((change: StateChange) => void)[] = []
  #work: Promise<unknown> = Promise.resolve()

  private constructor(lock: Lock, now: () => number) {
    this.#lock = lock
    this.#now = now
  }

  /** Opens the state for writing; null if another process has it. */
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

  /** Adds a listener called after each change. */
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

  /** Changes run one after the other, so that revisions are reliable. */
  change(change: StateChange): Promise<StateDocument | null> {
    const done = this.#work.then(() => this.#change(change))
    this.#work = done.catch(() => undefined)
    return done
  }

  /** Stores documents unchanged and removes others, atomically for readers. */
  async restore(
    collection: Collection,
    { add, remove }: { add: readonly StateDocument[]; remove: readonly string[] },
  ): Promise<void> {
    const entries = add.map((document) => ({ file: document.id, ...document }))
    if (entries.length + remove.length > 0)
      await this.#manifest(collection).commit({ add: entries, remove })
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
    checkChange(change, before, manifest.entries().length)
    if (body === undefined) {
      await manifest.commit({ remove: [id] })
      this.#notify(change)
      return null
    }
    const entry: Entry = { file: id, ...documentAfter(change, before, this.#now()) }
    await manifest.commit({ add: [entry] })
    this.#notify(change)
    return documentOf(entry)
  }

  #find(collection: Collection, id: string): Entry | undefined {
    return this.#manifest(collection)
      .entries()
      .find(({ file }) => file === id)
  }

  #manifest(collection: Collection): Manifest<Entry> {
    return this.#manifests.get(collection)!
  }

  #notify(change: StateChange): void {
    for (const listener of this.#listeners) listener(change)
  }
}

function documentOf<Body>(entry: Entry): StateDocument<Body> {
  const { id, revision, createdAt, changedAt, body } = entry
  return { id, revision, createdAt, changedAt, body: body as Body }
}
