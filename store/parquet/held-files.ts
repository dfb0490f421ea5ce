/**
 * Files of the series held in memory as columns. Pages and walls repeat similar queries (the same
 * day by other keys, the same year a minute later); loops over memory answer them eight times as
 * fast as opening the files and querying them by SQL. A file never changes under its name.
 */
import type { DuckDBDataChunk } from '@duckdb/node-api'

import type { Tier } from '../../flow/interval.ts'
import { tagsOf, type MeasurementName, type TagName } from '../measurement.ts'
import type { Coverage, SeriesKey } from '../series.ts'
import type { SqlValues } from './engine.ts'
import type { SeriesEntry } from './layout.ts'

/**
 * The most bytes held in total and for one query; how long a file is held without being used; and how many file names
 * are remembered, because a file is held only from its second use on: a file used once is read once.
 */
const usualBounds = {
  bytesMax: 128 << 20,
  questionBytesMax: 48 << 20,
  keptMs: 300_000,
  wantedMax: 4096,
}
type HeldBounds = typeof usualBounds

/** Step and run of a row, and one figure. */
const rowBytes = 12
const figureBytes = 8
/** A row of coverage, approximately. */
const coverageBytes = 250

/**
 * The figures of a file's rows, and the sum of their absolute values: sums up to 2^53 are exact in any
 * order.
 */
interface HeldColumn {
  values: Float64Array
  amount: number
}

/** The rows of a file, in file order. */
export interface HeldRows {
  /** The step of each row, counted from the epoch in steps of the tier. */
  step: Int32Array
  /**
   * Adjacent rows with the same key (in a settled file, all of a key): index into `keys`, and the
   * row after the last.
   */
  runs: { count: number; key: Uint32Array; end: Uint32Array }
  /** Exporter and all tags. */
  keys: readonly SeriesKey[]
  /** The text of each key by the tags of the last query (see keyText). */
  texts: { by: readonly (TagName | 'exporter')[]; of: readonly string[] }
  columns: Map<string, HeldColumn>
}

interface Held {
  rows: HeldRows | null
  /** The reading begun last; the next one starts after it. */
  reading: Promise<unknown>
  coverage: Promise<readonly Coverage[]> | null
  bytes: number
  timer: NodeJS.Timeout
}

/** Runs a statement on the file at `path`, which the statement calls $files. */
type Ask = (sql: string, values: SqlValues) => Promise<readonly DuckDBDataChunk[]>

export class HeldFiles {
  readonly #ask: Ask
  readonly #path: (file: string) => string
  readonly #bounds: HeldBounds
  /** By file, least recently used first. */
  readonly #files = new Map<string, Held>()
  /** When files that are not held were last requested, by `performance.now`. */
  readonly #wanted = new Map<string, number>()

  constructor(
    { ask, path }: { ask: Ask; path: (file: string) => string },
    bounds: Partial<HeldBounds> = {},
  ) {
    this.#ask = ask
    this.#path = path
    this.#bounds = { ...usualBounds, ...bounds }
  }

  /**
   * The rows of files of one tier, with the named columns; null if these are too many or if a file
   * is used for the first time. `onlyHeld`: null also if a file is not held yet.
   * @throws errors of reading them
   */
  async take(
    entries: readonly SeriesEntry[],
    columns: readonly string[],
    { tier, onlyHeld }: { tier: Tier; onlyHeld: boolean },
  ): Promise<HeldRows[] | null> {
    const bytesOf = ({ rows }: SeriesEntry) => rows * (rowBytes + figureBytes * columns.length)
    if (!this.#mayTake(entries, bytesOf, onlyHeld)) return null
    const found = await Promise.all(entries.map((entry) => this.#rows(entry, tier, columns)))
    this.#bound()
    return found.every((rows) => rows !== null) ? found : null
  }

  /** The coverage in files, read by `read`; null as above. */
  async coverage(
    entries: readonly SeriesEntry[],
    read: (path: string) => Promise<Coverage[]>,
  ): Promise<(readonly Coverage[])[] | null> {
    if (!this.#mayTake(entries, ({ rows }) => rows * coverageBytes, false)) return null
    const found = await Promise.all(
      entries.map(async (entry) => {
        const held = this.#held(entry.file)
        held.coverage ??= read(this.#path(entry.file))
        held.bytes = entry.rows * coverageBytes
        return this.#orEvict(entry.file, held.coverage)
      }),
    )
    this.#bound()
    return found
  }

  /** Releases all files. */
  close(): void {
    for (const file of this.#files.keys()) this.#evict(file)
    this.#wanted.clear()
  }

  #mayTake(
    entries: readonly SeriesEntry[],
    bytesOf: (entry: SeriesEntry) => number,
    onlyHeld: boolean,
  ): boolean {
    const bytes = entries.reduce((sum, entry) => sum + bytesOf(entry), 0)
    if (bytes > this.#bounds.questionBytesMax) return false
    if (onlyHeld) return entries.every(({ file }) => this.#files.has(file))
    // All are noted, also those after the first new one.
    const areNew = entries.filter(({ file }) => !this.#files.has(file) && !this.#noteWanted(file))
    return areNew.length === 0
  }

  /** Notes that a file is asked for; true if it was asked for recently. */
  #noteWanted(file: string): boolean {
    const now = performance.now()
    const before = this.#wanted.get(file)
    this.#wanted.delete(file)
    this.#wanted.set(file, now)
    const [oldest] = this.#wanted.keys()
    if (this.#wanted.size > this.#bounds.wantedMax && oldest !== undefined)
      this.#wanted.delete(oldest)
    return before !== undefined && now - before < this.#bounds.keptMs
  }

  #held(file: string): Held {
    const held = this.#files.get(file) ?? {
      rows: null,
      reading: Promise.resolve(),
      coverage: null,
      bytes: 0,
      timer: setTimeout(() => this.#evict(file), this.#bounds.keptMs).unref(),
    }
    this.#files.delete(file)
    this.#files.set(file, held)
    held.timer.refresh()
    return held
  }

  /** The rows with at least the named columns; null if the hashes of two keys collide. */
  #rows(entry: SeriesEntry, tier: Tier, columns: readonly string[]): Promise<HeldRows | null> {
    const held = this.#held(entry.file)
    const read = held.reading.then(async () => {
      const missing = columns.filter((name) => !held.rows?.columns.has(name))
      if (held.rows && missing.length === 0) return held.rows
      const ask = (sql: string) => this.#ask(sql, { files: [this.#path(entry.file)] })
      held.rows = held.rows
        ? await withColumns(held.rows, missing, ask)
        : await readRows(entry, tier, missing, ask)
      held.bytes = entry.rows * (rowBytes + figureBytes * (held.rows?.columns.size ?? 0))
      return held.rows
    })
    held.reading = read
    return this.#orEvict(entry.file, read)
  }

  async #orEvict<Value>(file: string, read: Promise<Value>): Promise<Value> {
    try {
      return await read
    } catch (error) {
      this.#evict(file)
      throw error
    }
  }

  #bound(): void {
    let bytes = [...this.#files.values()].reduce((sum, held) => sum + held.bytes, 0)
    for (const [file, held] of this.#files) {
      if (bytes <= this.#bounds.bytesMax) return
      bytes -= held.bytes
      this.#evict(file)
    }
  }

  #evict(file: string): void {
    clearTimeout(this.#files.get(file)?.timer)
    this.#files.delete(file)
  }
}

type AskFile = (sql: string) => Promise<readonly DuckDBDataChunk[]>

/**
 * All rows of a file; null if the hashes of two keys collide. Keys come as numbers, so that no text is read per row.
 */
async function readRows(
  { table }: SeriesEntry,
  { stepMs }: Tier,
  columns: readonly string[],
  ask: AskFile,
): Promise<HeldRows | null> {
  const tags = ['exporter', ...tagsOf(table as MeasurementName)] as const
  const hash = `(hash(${tags.join(', ')}) >> 11)::DOUBLE`
  const known = await ask(`SELECT DISTINCT ${hash}, ${tags.join(', ')} FROM read_parquet($files)`)
  const keys: SeriesKey[] = []
  const indexes = new Map<number, number>()
  for (const chunk of known)
    for (const [number, ...texts] of chunk.getRows()) {
      indexes.set(number as number, keys.length)
      keys.push(keyOf(tags, texts as string[]))
    }
  if (indexes.size < keys.length) return null
  const { length } = columns
  const chunks = await ask(
    `SELECT ${['epoch_ms(time)::DOUBLE', hash, ...columns.map((name) => `${name}::DOUBLE`)].join(', ')} FROM read_parquet($files)`,
  )
  const [time, number, ...figures] = columnsOf(chunks, 2 + length)
  const step = new Int32Array(time!.length)
  const key = new Uint32Array(step.length)
  const end = new Uint32Array(step.length)
  let count = 0
  for (let row = 0; row < step.length; row++) {
    step[row] = time![row]! / stepMs
    if (number![row] !== number![row - 1]) key[count++] = indexes.get(number![row]!)!
    end[count - 1] = row + 1
  }
  const runs = { count, key: key.slice(0, count), end: end.slice(0, count) }
  const texts = { by: [], of: keys.map(() => '') }
  const rows = { step, runs, keys, texts, columns: new Map() }
  return filled(rows, columns, figures)
}

function keyOf(tags: readonly (TagName | 'exporter')[], texts: readonly string[]): SeriesKey {
  const key: SeriesKey = {}
  for (const [i, tag] of tags.entries()) key[tag] = texts[i]!
  return key
}

async function withColumns(
  rows: HeldRows,
  columns: readonly string[],
  ask: AskFile,
): Promise<HeldRows> {
  const list = columns.map((name) => `${name}::DOUBLE`).join(', ')
  const chunks = await ask(`SELECT ${list} FROM read_parquet($files)`)
  return filled(rows, columns, columnsOf(chunks, columns.length))
}

function filled(
  rows: HeldRows,
  columns: readonly string[],
  figures: readonly Float64Array[],
): HeldRows {
  for (const [i, name] of columns.entries()) {
    const values = figures[i]!
    let amount = 0
    for (let row = 0; row < values.length; row++) amount += Math.abs(values[row]!)
    rows.columns.set(name, { values, amount })
  }
  return rows
}

/** The columns of an answer that has only doubles. */
function columnsOf(chunks: readonly DuckDBDataChunk[], count: number): Float64Array[] {
  const rows = chunks.reduce((sum, chunk) => sum + chunk.rowCount, 0)
  const columns = Array.from({ length: count }, () => new Float64Array(rows))
  let at = 0
  for (const chunk of chunks) {
    const { rowCount } = chunk
    for (let column = 0; column < count; column++) {
      const vector = chunk.getColumnVector(column)
      const values = columns[column]!
      for (let i = 0; i < rowCount; i++) values[at + i] = vector.getItem(i) as number
    }
    at += rowCount
  }
  return columns
}
