/**
 * Tables of gathered flows that questions share: a page asks five of a window at once, and more while
 * people switch what they see of it.
 */

/** A table is kept so long after it was last asked. */
const keptMs = 10_000
/** Rows of tables that nobody asks just now, in all: some 100 bytes each. */
const keptRowsMax = 500_000

/** What a table is to hold. */
export interface Wanted {
  /** The same for the same rows. */
  key: string
  columns: readonly string[]
  /** [from, to), unix ms, of the window, and the files that are read for it. */
  from: number
  to: number
  files: readonly string[]
  /** Whether all flows are in it any part of which lies in the window; with a filter they are not. */
  isWhole: boolean
}

interface Entry {
  readonly name: string
  readonly columns: ReadonlySet<string>
  readonly files: ReadonlySet<string>
  readonly from: number
  readonly to: number
  readonly isWhole: boolean
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
  /** It holds more than was wanted: which flows belong and pass is still to be asked. */
  isWider: boolean
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
   * A table with what is wanted: one that is there, or is just being made, or a new one. `make` fills a
   * table of the name that it is given, and tells its rows, or null where these are too many; so does this.
   * @throws what `make` throws
   */
  async take(
    wanted: Wanted,
    make: (table: string) => Promise<number | null>,
  ): Promise<Lease | null> {
    for (;;) {
      const found = this.#find(wanted)
      const [key, entry] = found ?? [wanted.key, this.#begin(wanted, make)]
      entry.users++
      if (entry.timer) clearTimeout(entry.timer)
      entry.timer = null
      const release = () => this.#release(key, entry)
      try {
        const rows = await entry.rows
        if (rows !== null) return { table: entry.name, rows, isWider: key !== wanted.key, release }
        release()
        if (key === wanted.key) return null
      } catch (error) {
        release()
        // Who made it for others may have been called off: they make it themselves.
        if (!found) throw error
      }
    }
  }

  /** The table itself, or one of all flows of a window around it. */
  #find({ key, columns, from, to, files }: Wanted): [key: string, entry: Entry] | null {
    const has = (entry: Entry) => columns.every((column) => entry.columns.has(column))
    const own = this.#entries.get(key)
    if (own && has(own)) return [key, own]
    const around = [...this.#entries].find(
      ([, entry]) =>
        entry.isWhole &&
        entry.kept > 0 &&
        entry.from <= from &&
        entry.to >= to &&
        has(entry) &&
        files.every((file) => entry.files.has(file)),
    )
    return around ?? null
  }

  /** Forgets all tables, which go with their engine. */
  close(): void {
    for (const { timer } of this.#entries.values()) if (timer) clearTimeout(timer)
    this.#entries.clear()
  }

  #begin(wanted: Wanted, make: (table: string) => Promise<number | null>): Entry {
    const { key, columns, files, ...facts } = wanted
    const name = `gathered_${++this.#made}`
    const entry: Entry = {
      ...facts,
      name,
      columns: new Set(columns),
      files: new Set(files),
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
