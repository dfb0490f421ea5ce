/**
 * Copies of collections, so that not every request asks ClickHouse for all of one: it is asked whether
 * anything has changed, and only then for the documents. Who can do with what was there lately is
 * answered from the copy alone.
 */
import { collections, type Collection, type Lately, type StateDocument } from '../state.ts'
import type { Connection } from './connection.ts'
import { printOf, readStateRows, type StateRow } from './state-rows.ts'

/** A collection that may hold more documents is not kept. */
const keptDocumentsMax = 10_000

interface Copy {
  /** When it was asked for: it holds all that was changed before. unix ms */
  askedAt: number
  /** See printOf; null where it was changed since. */
  print: string | null
  rows: Map<string, StateRow>
}

interface Asking {
  work: Promise<Copy>
  /** The asking that begins when this one is over, for those who came meanwhile. */
  next: Promise<Copy> | null
}

export class StateCopies {
  readonly #connection: Connection
  readonly #now: () => number
  readonly #copies = new Map<Collection, Copy>()
  readonly #asking = new Map<Collection, Asking>()

  constructor(connection: Connection, now: () => number) {
    this.#connection = connection
    this.#now = now
  }

  /** In the order in which they were made. @throws ClickHouseFault */
  async list(collection: Collection, lately?: Lately): Promise<StateDocument[]> {
    const { rows } = await this.#copy(collection, lately)
    return [...rows.values()]
      .filter(({ isRemoved }) => !isRemoved)
      .map(({ document }) => document)
      .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
  }

  /** @throws ClickHouseFault */
  async get(collection: Collection, id: string, lately: Lately): Promise<StateDocument | null> {
    const row = (await this.#copy(collection, lately)).rows.get(id)
    if (row) return row.isRemoved ? null : row.document
    // It may have been made a moment ago: elsewhere, by who comes here now.
    const now = (await this.#ask(collection)).rows.get(id)
    return now && !now.isRemoved ? now.document : null
  }

  /** Whether a collection is another one than when it was last looked at. @throws ClickHouseFault */
  async look(collection: Collection): Promise<boolean> {
    const before = this.#copies.get(collection)
    return (await this.#ask(collection)) !== before
  }

  /** Takes what was changed here. */
  take(collection: Collection, row: StateRow): void {
    const copy = this.#copies.get(collection)
    if (!copy) return
    const rows = new Map(copy.rows).set(row.document.id, row)
    this.#copies.set(collection, { ...copy, print: null, rows })
  }

  async #copy(collection: Collection, lately?: Lately): Promise<Copy> {
    const copy = this.#copies.get(collection)
    if (!lately || !copy) return this.#ask(collection)
    if (this.#isWithin(copy, lately.keptMs)) return copy
    try {
      return await this.#ask(collection)
    } catch (error) {
      // The answer may have taken its time: what was known must not have grown too old meanwhile.
      const last = this.#copies.get(collection)
      if (last && this.#isWithin(last, lately.awayMs)) return last
      throw error
    }
  }

  /** A clock that was set back makes nothing young. */
  #isWithin({ askedAt }: Copy, ms: number): boolean {
    const age = this.#now() - askedAt
    return age >= 0 && age < ms
  }

  /** As of now. Those who ask at once wait for one answer, which was asked for after they came. */
  #ask(collection: Collection): Promise<Copy> {
    const running = this.#asking.get(collection)
    if (running) {
      const again = () => this.#begin(collection)
      return (running.next ??= running.work.then(again, again))
    }
    return this.#begin(collection)
  }

  #begin(collection: Collection): Promise<Copy> {
    const work = this.#read(collection)
    const asking: Asking = { work, next: null }
    this.#asking.set(collection, asking)
    const over = () => {
      if (this.#asking.get(collection) === asking && !asking.next) this.#asking.delete(collection)
    }
    work.then(over, over)
    return work
  }

  async #read(collection: Collection): Promise<Copy> {
    const askedAt = this.#now()
    const print = await printOf(this.#connection, collection)
    const before = this.#copies.get(collection)
    if (before && before.print === print) {
      before.askedAt = askedAt
      return before
    }
    const rows = await readStateRows(this.#connection, collection)
    // What was changed here while it was asked for may be newer than the answer.
    for (const [id, row] of this.#copies.get(collection)?.rows ?? []) {
      const read = rows.get(id)
      if (read && row.version > read.version) rows.set(id, row)
    }
    const copy: Copy = { askedAt, print, rows }
    if (collections[collection].countMax <= keptDocumentsMax) this.#copies.set(collection, copy)
    return copy
  }
}
