/**
 * User data in ClickHouse, shared by all collectors and APIs of a cluster. ClickHouse has no
 * compare-and-set. Instead, each change of a document has a number, one more than that of the change it is
 * based on, and of two changes with the same number only one counts:
 *
 * - on a single server, and where Keeper coordinates the replicas, an insert has collection, id and number
 * as its token, and a second insert with that token is skipped: the server alone decides;
 * - where Distributed tables write to every replica themselves, both rows exist, and the same one counts
 * for all readers (see newVersion).
 *
 * Either way, the writer then reads back which row counts, and is refused if it is another's.
 */
import { setTimeout as sleep } from 'node:timers/promises'

import {
  checkChange,
  collections,
  documentAfter,
  StateRefused,
  type Collection,
  type MaxAge,
  type OpenState,
  type StateChange,
  type StateDocument,
} from '../state/state.ts'
import type { Connection } from './connection.ts'
import { ClickHouseFault } from './fault.ts'
import { StateCopies } from './state-copies.ts'
import {
  changeOf,
  choosesOne,
  countDocuments,
  insertStateRows,
  newVersion,
  readStateRows,
  type StateRow,
} from './state-rows.ts'

/** Changes without a revision apply to the current version: attempts if others interfere. */
const triesMax = 20
/** How long until the queried replica must show an inserted row. */
const seenMsMax = 5000
const seenAgainMs = 50

interface StateOptions {
  connection: Connection
  now: () => number
}

export class ClickHouseState implements OpenState {
  readonly #connection: Connection
  readonly #now: () => number
  readonly #copies: StateCopies
  readonly #listeners: ((change: Pick<StateChange, 'collection'>) => void)[] = []
  /** Changes of one collection are made in sequence. */
  readonly #work = new Map<Collection, Promise<unknown>>()
  #choosesOne: Promise<boolean> | null = null

  constructor({ connection, now }: StateOptions) {
    this.#connection = connection
    this.#now = now
    this.#copies = new StateCopies(connection, now)
  }

  async list<Body>(collection: Collection, maxAge?: MaxAge): Promise<StateDocument<Body>[]> {
    return (await this.#copies.list(collection, maxAge)) as StateDocument<Body>[]
  }

  async get<Body>(
    collection: Collection,
    id: string,
    maxAge?: MaxAge,
  ): Promise<StateDocument<Body> | null> {
    const found = maxAge
      ? await this.#copies.get(collection, id, maxAge)
      : documentOf((await readStateRows(this.#connection, collection, id)).get(id))
    return (found ?? null) as StateDocument<Body> | null
  }

  onChange(listener: (change: Pick<StateChange, 'collection'>) => void): void {
    this.#listeners.push(listener)
  }

  /** Checks whether others changed a collection, and if so notifies listeners. @throws ClickHouseFault */
  async look(collection: Collection): Promise<void> {
    if (await this.#copies.look(collection)) this.#notify(collection)
  }

  change(change: StateChange): Promise<StateDocument | null> {
    const { collection } = change
    const before = this.#work.get(collection) ?? Promise.resolve()
    const done = before.then(() => this.#change(change))
    this.#work.set(
      collection,
      done.catch(() => undefined),
    )
    return done
  }

  /**
   * Inserts documents whose ids never existed, unchanged; returns how many. A document created at
   * the same moment takes precedence.
   * @throws ClickHouseFault
   */
  async adopt(collection: Collection, documents: readonly StateDocument[]): Promise<number> {
    const there = await readStateRows(this.#connection, collection)
    const live = [...there.values()].filter(({ isRemoved }) => !isRemoved).length
    const room = collections[collection].countMax - live
    const rows = documents
      .filter(({ id }) => !there.has(id))
      .slice(0, Math.max(0, room))
      .map((document) => ({ version: newVersion(0n, this.#now()), document, isRemoved: false }))
    await insertStateRows(this.#connection, collection, { rows })
    return rows.length
  }

  /** All rows of a collection, including removals. @throws ClickHouseFault */
  async rows(collection: Collection): Promise<StateRow[]> {
    return [...(await readStateRows(this.#connection, collection)).values()]
  }

  async close(): Promise<void> {
    await Promise.all(this.#work.values())
    await this.#connection.close()
  }

  async #change(change: StateChange): Promise<StateDocument | null> {
    for (let tries = 1; ; tries++) {
      const made = await this.#try(change)
      if (made) {
        this.#copies.take(change.collection, made)
        this.#notify(change.collection)
        return documentOf(made) ?? null
      }
      if (change.revision === undefined && tries < triesMax) continue
      throw new StateRefused(
        'changed',
        `${change.collection}/${change.id} was changed by somebody else`,
      )
    }
  }

  /** The row of a change; null if another's row counts. */
  async #try(change: StateChange): Promise<StateRow | null> {
    const { collection, id } = change
    const row = (await readStateRows(this.#connection, collection, id)).get(id)
    const before = documentOf(row)
    const isNew = !before && change.body !== undefined
    const count = isNew ? await countDocuments(this.#connection, collection) : 0
    checkChange(change, before, count)
    const now = this.#now()
    const number = (row ? changeOf(row.version) : 0n) + 1n
    const after = documentAfter(change, before, now)
    const isRemoved = change.body === undefined
    const made = {
      version: newVersion(number, now),
      document: isRemoved ? { ...after, body: before!.body } : after,
      isRemoved,
    }
    await this.#put(collection, made, number)
    const counting = await this.#seen(collection, id, number)
    return counting.version === made.version ? made : null
  }

  /** An insert without an answer may have been done: reading back decides. */
  async #put(collection: Collection, row: StateRow, number: bigint): Promise<void> {
    this.#choosesOne ??= choosesOne(this.#connection)
    const isChosen = await this.#choosesOne.catch((error: unknown) => {
      this.#choosesOne = null
      throw error
    })
    const token = isChosen ? `${collection} ${row.document.id} ${number}` : null
    try {
      await insertStateRows(this.#connection, collection, { rows: [row], token })
    } catch (error) {
      const { id } = row.document
      const there = await readStateRows(this.#connection, collection, id).catch(() => null)
      if (there?.get(id)?.version !== row.version) throw error
    }
  }

  /** The row that counts, once change `number` is visible. @throws ClickHouseFault if it does not become visible */
  async #seen(collection: Collection, id: string, number: bigint): Promise<StateRow> {
    const deadline = performance.now() + seenMsMax
    for (;;) {
      const row = (await readStateRows(this.#connection, collection, id)).get(id)
      if (row && changeOf(row.version) >= number) return row
      if (performance.now() > deadline)
        throw new ClickHouseFault('busy', `${collection}/${id} was written but cannot be read yet`)
      await sleep(seenAgainMs)
    }
  }

  #notify(collection: Collection): void {
    for (const listener of this.#listeners) listener({ collection })
  }
}

function documentOf(row: StateRow | undefined): StateDocument | undefined {
  return row && !row.isRemoved ? row.document : undefined
}
