/** Queries over the files of a range; an unreadable file is left out and reported. */
import { join } from 'node:path'

import type { DuckDBDataChunk } from '@duckdb/node-api'

import type { Tier } from '../../flow/interval.ts'
import { brokenBecause, leftOutBecause } from '../disk/file-fault.ts'
import type { SeriesRange } from '../series.ts'
import type { Engine, SqlValues } from './engine.ts'
import { HeldFiles } from './held-files.ts'
import type { SeriesEntry, TableName } from './layout.ts'
import type { LeftOut } from './listing.ts'

/** The source of the file list: the writer's manifest, or a reader's copy of it. */
export interface FileSource {
  entries(): Promise<readonly SeriesEntry[]> | readonly SeriesEntry[]
  /** Everything earlier has expired, unix ms by tier name. */
  expired(): Promise<Readonly<Record<string, number>>> | Readonly<Record<string, number>>
  /** Whether a file without permission is left out, too, until there is; a writer must wait for it. */
  readonly onlyReads: boolean
  /** Removes a file from entries(), and the coverage of its period with it. */
  leaveOut(entry: SeriesEntry, reason: string): Promise<void>
  /** Files left out whose steps are missing since. */
  leftOut():
    | Promise<readonly Pick<LeftOut, 'file' | 'reason'>[]>
    | readonly Pick<LeftOut, 'file' | 'reason'>[]
}

export class Files {
  readonly engine: Engine
  readonly source: FileSource
  /** Files held in memory; null if the process holds none. */
  readonly held: HeldFiles | null
  readonly #folder: string

  constructor(
    folder: string,
    engine: Engine,
    { source, holdsFiles }: { source: FileSource; holdsFiles: boolean },
  ) {
    this.#folder = folder
    this.engine = engine
    this.source = source
    const ask = (sql: string, values: SqlValues) => engine.chunks(sql, values)
    this.held = holdsFiles ? new HeldFiles({ ask, path: (file) => join(folder, file) }) : null
  }

  /** The files of a table that may hold steps of a range, in order of time. */
  async of({ tier, from, to }: SeriesRange, table: TableName): Promise<SeriesEntry[]> {
    return entriesOf(await this.source.entries(), tier, table)
      .filter((entry) => entry.first < to && entry.last >= from)
      .sort((a, b) => a.from - b.from)
  }

  /** A range without its expired part. */
  async clip<Range extends SeriesRange>(range: Range): Promise<Range> {
    const expired = (await this.source.expired())[range.tier.name] ?? Number.NEGATIVE_INFINITY
    return { ...range, from: Math.max(range.from, expired) }
  }

  /**
   * Runs a query over a range of a table. `sql` is given the FROM and WHERE clauses. No files means
   * no rows. An unreadable file is left out and the query repeated without it.
   */
  query(
    range: SeriesRange,
    table: TableName,
    ask: { sql: (fromWhere: string) => string; values?: SqlValues },
  ): Promise<readonly DuckDBDataChunk[]> {
    const { exporters } = range
    const fromWhere = `FROM read_parquet($files)
        WHERE time >= to_timestamp($since) AND time < to_timestamp($until)
        ${exporters ? 'AND list_contains($exporters, exporter)' : ''}`
    const none: readonly DuckDBDataChunk[] = []
    return this.over({ range, table, none }, (entries, { from, to }) => {
      const values = {
        ...ask.values,
        files: entries.map((entry) => join(this.#folder, entry.file)),
        since: from / 1000,
        until: to / 1000,
        ...(exporters ? { exporters } : {}),
      }
      return this.engine.chunks(ask.sql(fromWhere), values)
    })
  }

  /** Like `query`, but `work` is given the files and the clipped range; `none` is the result without files. */
  async over<Range extends SeriesRange, Result>(
    { range, table, none }: { range: Range; table: TableName; none: Result },
    work: (entries: readonly SeriesEntry[], range: Range) => Promise<Result>,
  ): Promise<Result> {
    const clipped = await this.clip(range)
    for (;;) {
      const entries = await this.of(clipped, table)
      if (entries.length === 0 || clipped.from >= clipped.to) return none
      try {
        return await work(entries, clipped)
      } catch (error) {
        if (!(await this.leaveOutUnreadable(entries))) throw error
      }
    }
  }

  /**
   * Whether one of these files was unreadable (and is now left out), or is no longer listed.
   * @throws if that cannot be told now
   */
  async leaveOutUnreadable(entries: readonly SeriesEntry[]): Promise<boolean> {
    const listed = new Set((await this.source.entries()).map(({ file }) => file))
    let isChanged = false
    for (const entry of entries) {
      if (!listed.has(entry.file)) {
        isChanged = true
        continue
      }
      const fault = await this.#faultOf(entry)
      if (fault === null) continue
      await this.source.leaveOut(entry, fault)
      isChanged = true
    }
    return isChanged
  }

  async #faultOf({ file }: SeriesEntry): Promise<string | null> {
    const path = join(this.#folder, file)
    const sql = 'SELECT max(COLUMNS(*)) FROM read_parquet($files)'
    const because = this.source.onlyReads ? leftOutBecause : brokenBecause
    const fault = await because(path, () => this.engine.chunks(sql, { files: [path] }))
    // That a query came too late says nothing about the file.
    if (fault !== null && this.engine.isClosed) throw new Error(fault)
    return fault
  }
}

/** Entries by tier and table, sorted once for each state of the manifest. */
const sortedOut = new WeakMap<readonly SeriesEntry[], Map<string, SeriesEntry[]>>()

/** The entries of a tier's table. */
export function entriesOf(
  entries: readonly SeriesEntry[],
  tier: Tier,
  table: TableName,
): readonly SeriesEntry[] {
  let byTable = sortedOut.get(entries)
  if (!byTable) {
    byTable = Map.groupBy(entries, (entry) => `${entry.tier} ${entry.table}`)
    sortedOut.set(entries, byTable)
  }
  return byTable.get(`${tier.name} ${table}`) ?? []
}
