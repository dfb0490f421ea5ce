/**
 * A thread of the archive's own: one keeps the rows that wait and writes them as Parquet, another sorts files. Each reads
 * back what it wrote before anyone may see it. One request after the other, each answered.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'

import { DuckDBInstance, type DuckDBConnection, type DuckDBDataChunk, type DuckDBResult } from '@duckdb/node-api' // prettier-ignore

import { syncFolder } from '../manifest.ts'
import { threadGoesAfterOthers } from '../priority.ts'
import { answerAsked } from './asked-thread.ts'
import { SharedBlocks } from './block-pool.ts'
import { ColumnForms } from './column-form.ts'
import type { FlowBlock } from './columns.ts'
import { fileName, stagingFolder, type ArchiveEntry } from './entry.ts'
import { endsSql, formatHostSums, hostSumsKey, hostSumsOf, hostSumsSql, listedHosts } from './host-sums.ts' // prettier-ignore
import { parquetFile } from './parquet-file.ts'
import {
  extentSql,
  narrowSummarySql,
  singlesSql,
  sortedColumns,
  sortedSql,
  summarySql,
  type Extent,
} from './parquet-form.ts'
import { Table } from './query-engine.ts'
import { writeSorted } from './sorted-file.ts'
import type { ArchiveAnswers, ArchiveRequest, ArchiveWorkerData } from './thread.ts'
import type { BlockRows } from './values.ts'
import { byInterval, isSameSummary, summaryOf, type Summary } from './waiting.ts'

/** How a file comes to be: written to a path, with the sums that must be read back of it. */
interface Written {
  file: string
  interval: number
  isChunk: boolean
  write: (path: string) => Promise<void>
  /** Absent where the asker compares. */
  expected?: Summary
}

class ArchiveWriter {
  readonly #folder: string
  readonly #connection: DuckDBConnection
  readonly #forms = new ColumnForms()
  /** In order of receipt: a block goes when it is written. */
  #waiting: FlowBlock[] = []
  /** The file that is being sorted, and the last one that was to be given up. */
  #sorting: string | null = null
  #givenUp: string | null = null

  constructor(folder: string, connection: DuckDBConnection) {
    this.#folder = folder
    this.#connection = connection
  }

  async open(): Promise<null> {
    await rm(join(this.#folder, stagingFolder), { recursive: true, force: true })
    await mkdir(join(this.#folder, stagingFolder), { recursive: true, mode: 0o700 })
    return null
  }

  add(block: FlowBlock): Promise<null> {
    this.#waiting.push(block)
    return Promise.resolve(null)
  }

  /** Writes the rows that wait as one chunk file a receipt interval; on failure they go on waiting. */
  async seal(): Promise<ArchiveEntry[]> {
    const blocks = this.#waiting
    const entries: ArchiveEntry[] = []
    try {
      for (const [interval, parts] of byInterval(blocks))
        entries.push(await this.#writeChunk(interval, parts))
    } catch (error) {
      for (const { file } of entries) await rm(join(this.#folder, file), { force: true })
      throw error
    }
    this.#waiting = []
    for (const block of blocks) freeBlock(block)
    return entries
  }

  /** Writes the rows of an interval's files as one, sorted. */
  async merge(interval: number, files: readonly string[], target: string): Promise<ArchiveEntry> {
    this.#sorting = target
    try {
      this.#goesOn()
      return await this.#merge(interval, files, target)
    } finally {
      this.#sorting = null
      this.#givenUp = null
      await this.#giveBack()
    }
  }

  /** Gives the sorting of the file `target` up, in the middle of a statement too; its sources stay as they are. */
  giveUp(target: string): void {
    this.#givenUp = target
    if (this.#sorting === target) this.#connection.interrupt()
  }

  /** An interrupt between two statements stops neither: the next must not begin. */
  #goesOn(): void {
    if (this.#sorting !== null && this.#givenUp === this.#sorting)
      throw new Error(`sorting ${this.#sorting} was given up`)
  }

  #merge(interval: number, files: readonly string[], target: string): Promise<ArchiveEntry> {
    const list = files.map((file) => quote(join(this.#folder, file))).join(', ')
    return this.#write({
      interval,
      file: target,
      isChunk: false,
      write: (path) => this.#writeSorted(path, `read_parquet([${list}])`, singlesSql(`[${list}]`)),
    })
  }

  async #writeSorted(path: string, source: string, singlesOf: string): Promise<void> {
    const found = await this.#rows<{ name: string; value: string }>(singlesOf)
    const singles = new Map(found.map(({ name, value }) => [name, value]))
    const [extent] = await this.#rows<Extent>(extentSql(source))
    const texts = await this.#hostSums(source, extent!)
    const columns = sortedColumns(singles)
    this.#goesOn()
    const result = await this.#connection.stream(sortedSql(source, columns, extent!))
    const chunks = this.#chunksOf(result)
    const file = await open(path, 'wx', 0o600)
    try {
      await writeSorted(file, { chunks, columns, singles, forms: this.#forms }, texts)
    } finally {
      await file.close()
    }
  }

  async *#chunksOf(result: DuckDBResult): AsyncGenerator<DuckDBDataChunk> {
    for (;;) {
      this.#goesOn()
      const chunk = await result.fetchChunk()
      if (!chunk || chunk.rowCount === 0) return
      yield chunk
    }
  }

  /** The list of the greatest hosts, for a file's footer; none where it has few rows, or sums too great for it. */
  async #hostSums(source: string, { rows }: Extent): Promise<Record<string, string>> {
    if (rows < listedRowsMin) return {}
    const most = listedHosts(rows)
    const reader = await this.#connection.runAndReadAll(hostSumsSql(endsSql(source), most))
    const table = new Table(reader.currentRowCount, reader.getColumnsObject())
    const text = formatHostSums(hostSumsOf(table, most))
    return text === null ? {} : { [hostSumsKey]: text }
  }

  /** Freed memory goes back to the system only when DuckDB is told its limit, anew: of a sort, 300 MB lay idle. */
  async #giveBack(): Promise<void> {
    await this.#connection.run(`SET memory_limit = ${quote(memoryLimit)}`)
  }

  /** As they were received, which costs little: what is sorted is the interval, once. */
  #writeChunk(interval: number, parts: readonly BlockRows[]): Promise<ArchiveEntry> {
    return this.#write({
      interval,
      file: fileName(interval, `-${randomUUID().slice(0, 8)}`),
      isChunk: true,
      expected: summaryOf(parts),
      write: async (path) => {
        const file = await open(path, 'wx', 0o600)
        try {
          await file.writev(parquetFile(parts))
        } finally {
          await file.close()
        }
      },
    })
  }

  /** Of the given files, those that cannot be read from end to end, with the reason. */
  async check(files: readonly string[]): Promise<ArchiveAnswers['check']> {
    const unreadable: ArchiveAnswers['check'] = []
    for (const file of files) {
      const path = quote(join(this.#folder, file))
      await this.#connection
        .run(`SELECT max(hash(flow)) FROM read_parquet(${path}) flow`)
        .catch((error: unknown) => {
          const message = error instanceof Error ? error.message : String(error)
          unreadable.push({ file, message: message.split('\n')[0]! })
        })
    }
    return unreadable
  }

  async #write({ interval, file, isChunk, write, expected }: Written): Promise<ArchiveEntry> {
    const part = join(this.#folder, stagingFolder, `${randomUUID()}.part`)
    const target = join(this.#folder, file)
    try {
      await write(part)
      const found = await this.#summary(`read_parquet(${quote(part)})`)
      if (expected && !isSameSummary(found, expected))
        throw new Error(`what was read back of ${file} differs from what was written`)
      const bytes = await syncFile(part)
      await mkdir(dirname(target), { recursive: true, mode: 0o700 })
      await rename(part, target)
      await syncFolder(dirname(target))
      return { file, interval, bytes, isChunk, ...found }
    } catch (error) {
      await rm(part, { force: true })
      throw error
    }
  }

  async #summary(source: string): Promise<Summary> {
    const summary = (sql: string) =>
      this.#rows<Record<keyof Summary, bigint>>(`SELECT ${sql} FROM ${source}`)
    // Counts too great for 64 bits are rare; what else goes wrong does so again.
    const [row] = await summary(narrowSummarySql).catch(() => summary(summarySql))
    const numbers = Object.entries(row!).map(([name, value]) => [name, Number(value)])
    return Object.fromEntries(numbers) as Summary
  }

  async #rows<Row>(sql: string): Promise<Row[]> {
    this.#goesOn()
    const reader = await this.#connection.runAndReadAll(sql)
    return reader.getRowObjects() as Row[]
  }
}

/** Gives the rows' memory back at once: what waits for a collection of garbage is as much again. Shared memory is used again. */
function freeBlock({ columns }: FlowBlock): void {
  for (const column of columns) if (column instanceof ArrayBuffer) column.transfer(0)
}

async function syncFile(path: string): Promise<number> {
  const file = await open(path, 'r+')
  try {
    await file.chmod(0o600)
    await file.sync()
  } finally {
    await file.close()
  }
  return (await stat(path)).size
}

/** A file name as an SQL literal; names come from this module and the manifest only. */
function quote(path: string): string {
  return `'${path.replaceAll("'", "''")}'`
}

const { folder, memoryLimit, listedRowsMin, niceness } = workerData as ArchiveWorkerData
threadGoesAfterOthers(niceness)
const instance = await DuckDBInstance.create(':memory:', {
  threads: '1',
  memory_limit: memoryLimit,
  temp_directory: join(folder, stagingFolder, `spill-${randomUUID()}`),
  preserve_insertion_order: 'false',
})
const connection = await instance.connect()
const writer = new ArchiveWriter(folder, connection)
const shared = new SharedBlocks()

/** What DuckDB holds goes before the thread does: terminated with a connection it might take the process with it. */
function end(): null {
  connection.closeSync()
  instance.closeSync()
  return null
}

answerAsked<ArchiveRequest, ArchiveAnswers>(
  parentPort!,
  {
    open: () => writer.open(),
    add: ({ block }) => writer.add(shared.blockOf(block)),
    seal: () => writer.seal(),
    merge: ({ interval, files, target }) => writer.merge(interval, files, target),
    check: ({ files }) => writer.check(files),
    end,
  },
  (target) => writer.giveUp(target),
)
