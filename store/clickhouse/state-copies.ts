/**
 * Cached collections, so that requests need not read a whole collection from ClickHouse: a check
 * for changes comes first, and documents are read only then. Callers that accept slightly old data
 * are answered from the cache alone.
 */
import { collections, type Collection, type MaxAge, type StateDocument } from '../state/state.ts'
import type { Connection } from './connection.ts'
import { printOf, readStateRows, type StateRow } from './state-rows.ts'

/** Collections that may hold more documents are not cached. */
const keptDocumentsMax = 10_000

interface Copy {
  /** When it was requested: it includes all earlier changes. unix ms */
  readAt: number
  /** See printOf; null if it has changed since. */
  print: string | null
  rows: Map<string, StateRow>
}

interface Asking {
  work: Promise<Copy>
  /** The request to follow this one, for callers that arrived meanwhile. */
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

  /** In order of creation. @throws ClickHouseFault */
  async list(collection: Collection, maxAge?: MaxAge): Promise<StateDocument[]> {
    const { rows } = await this.#copy(collection, maxAge)
    return [...rows.values()]
      .filter(({ isRemoved }) => !isRemoved)
      .map(({ document }) => document)
      .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
  }

  /** @throws ClickHouseFault */
  async get(collection: Collection, id: string, maxAge: MaxAge): Promise<StateDocument | null> {
    const row = (await this.#copy(collection, maxAge)).rows.get(id)
    if (row) return row.isRemoved ? null : row.document
    // It may have just been created elsewhere, by the user who is now here.
    const now = (await this.#ask(collection)).rows.get(id)
    return now && !now.isRemoved ? now.document : null
  }

  /** Whether a collection has changed since the last look. @throws ClickHouseFault */
  async look(collection: Collection): Promise<boolean> {
    const before = this.#copies.get(collection)
    return (await this.#ask(collection)) !== before
  }

  /** Takes over a change made here. */
  take(collection: Collection, row: StateRow): void {
    const copy = this.#copies.get(collection)
    if (!copy) return
    const rows = new Map(copy.rows).set(row.document.id, row)
    this.#copies.set(collection, { ...copy, print: null, rows })
  }

  async #copy(collection: Collection, maxAge?: MaxAge): Promise<Copy> {
    const copy = this.#copies.get(collection)
    if (!maxAge || !copy) return this.#ask(collection)
    if (this.#isWithin(copy, maxAge.keptMs)) return copy
    try {
      return await this.#ask(collection)
    } catch (error) {
      // The failed request may have taken long, so the age of the copy is checked again.
      const last = this.#copies.get(collection)
      if (last && this.#isWithin(last, maxAge.awayMs)) return last
      throw error
    }
  }

  /** A clock that was set back makes nothing recent. */
  #isWithin({ readAt }: Copy, ms: number): boolean {
    const age = this.#now() - readAt
    return age >= 0 && age < ms
  }

  /** The current state. Concurrent callers share one request, sent after they arrived. */
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
    const readAt = this.#now()
    const print = await printOf(this.#connection, collection)
    const before = this.#copies.get(collection)
    if (before && before.print === print) {
      before.readAt = readAt
      return before
    }
    const rows = await readStateRows(this.#connection, collection)
    // Changes made here during the request may be newer than its answer.
    for (const [id, row] of this.#copies.get(collection)?.rows ?? []) {
      const read = rows.get(id)
      if (read && row.version > read.version) rows.set(id, row)
    }
    const copy: Copy = { readAt, print, rows }
    if (collections[collection].countMax <= keptDocumentsMax) this.#copies.set(collection, copy)
    return copy
  }
}
