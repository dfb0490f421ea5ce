/**
 * Tables of gathered flows that questions share: a page asks five of a window at once, and more while
 * people switch what they see of it.
 */

/** A table is kept so long after it was last asked. */
const keptMs = 10_000
/** Rows of tables that nobody asks just now, in all: some 100 bytes each. */
const keptRowsMax = 1_000_000

interface Entry {
  readonly name: string
  readonly columns: ReadonlySet<string>
  /** How many rows it has; null where too many would be gathered. */
  rows: Promise<number | null>
  kept: number
  users: number
  timer: NodeJS.Timeout | null
}

/** The use of a table, until it is released. */
export interface Lease {
  table: string
  rows: number
  release: () => void
}

export class SharedTables {
  readonly #drop: (table: string) => Promise<unknown>
  /** By what is in them, the longest unused first. */
  readonly #entries = new Map<string, Entry>()
  #made = 0

  constructor(drop: (table: string) => Promise<unknown>) {
    this.#drop = drop
  }

  /**
   * The table of what `key` stands for, with the columns at least: the one that is there, or is just
   * being made, or a new one. `make` fills a table of the name that it is given, and tells its rows, or
   * null where these are too many; so does this.
   * @throws what `make` throws
   */
  async take(
    key: string,
    columns: readonly string[],
    make: (table: string) => Promise<number | null>,
  ): Promise<Lease | null> {
    for (;;) {
      const known = this.#entries.get(key)
      const isNew = known === undefined || columns.some((column) => !known.columns.has(column))
      const entry = isNew ? this.#begin(key, columns, make) : known
      entry.users++
      if (entry.timer) clearTimeout(entry.timer)
      entry.timer = null
      try {
        const rows = await entry.rows
        if (rows !== null)
          return { table: entry.name, rows, release: () => this.#release(key, entry) }
        this.#release(key, entry)
        return null
      } catch (error) {
        this.#release(key, entry)
        // Who made it for others may have been called off: they make it themselves.
        if (isNew) throw error
      }
    }
  }

  /** Forgets all tables, which go with their engine. */
  close(): void {
    for (const { timer } of this.#entries.values()) if (timer) clearTimeout(timer)
    this.#entries.clear()
  }

  #begin(
    key: string,
    columns: readonly string[],
    make: (table: string) => Promise<number | null>,
  ): Entry {
    const name = `gathered_${++this.#made}`
    const entry: Entry = {
      name,
      columns: new Set(columns),
      rows: make(name),
      kept: 0,
      users: 0,
      timer: null,
    }
    entry.rows = entry.rows.then(
      (rows) => {
        entry.kept = rows ?? 0
        return rows
      },
      (error: unknown) => {
        if (this.#entries.get(key) === entry) this.#entries.delete(key)
        throw error
      },
    )
    this.#entries.set(key, entry)
    return entry
  }

  #release(key: string, entry: Entry): void {
    if (--entry.users > 0) return
    const isListed = this.#entries.get(key) === entry
    if (!isListed || entry.kept > keptRowsMax) {
      this.#end(key, entry)
      return
    }
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    entry.timer = setTimeout(() => this.#end(key, entry), keptMs).unref()
    const unused = [...this.#entries].filter(([, { users }]) => users === 0)
    let rows = unused.reduce((sum, [, { kept }]) => sum + kept, 0)
    for (const [oldKey, old] of unused) {
      if (rows <= keptRowsMax) return
      rows -= old.kept
      this.#end(oldKey, old)
    }
  }

  #end(key: string, entry: Entry): void {
    if (entry.timer) clearTimeout(entry.timer)
    if (this.#entries.get(key) === entry) this.#entries.delete(key)
    // Where the engine is being closed, its tables go with it.
    this.#drop(entry.name).catch(() => undefined)
  }
}
