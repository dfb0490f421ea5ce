/**
 * The flow archive, writer's side: flows by time of receipt in Parquet files that only ever appear
 * whole. What the manifest names is published; nothing else exists for readers.
 */
import assert from 'node:assert'
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'

import { DuckDBInstance } from '@duckdb/node-api'

import { createFlowColumns, type FlowColumns } from '../../flow/columns.ts'
import { Manifest } from '../manifest.ts'
import type { JournalPosition } from '../position.ts'
import { blockOf, fromArchiveSql, takeChunk, vectorRows } from './columns.ts'
import {
  manifestName,
  stagingFolder,
  unlistedFolder,
  type ArchiveEntry,
  type ArchiveValues,
} from './entry.ts'
import type { ArchiveRequest, ArchiveWorkerData } from './worker.ts'

/** Replaced files are kept this long for readers of an older manifest. */
const replacedKeepMs = 600_000
/** Rows that wait for a disk that refuses them; beyond, flows are counted as dropped. */
const waitingRowsMax = 4_000_000
const memoryLimit = '1GB'

/** What is committed with the rows: see ArchiveValues. */
export interface PublishCommit {
  journal?: JournalPosition
  /** Intervals to add to the redo list, unix ms. */
  redo?: readonly number[]
  set?: Record<string, unknown>
}

export class Archive {
  /** Rows that were dropped because the disk refused them for too long. */
  droppedRows = 0
  readonly #folder: string
  readonly #manifest: Manifest<ArchiveEntry>
  readonly #worker: Worker
  readonly #waiting = new Map<
    number,
    { resolve: (entries: ArchiveEntry[]) => void; reject: (error: Error) => void }
  >()
  #requests = 0
  #waitingRows = 0
  /** Files that are written and not yet named by the manifest. */
  #staged: ArchiveEntry[] = []

  private constructor(folder: string, manifest: Manifest<ArchiveEntry>, worker: Worker) {
    this.#folder = folder
    this.#manifest = manifest
    this.#worker = worker
    worker.on(
      'message',
      ({ id, result, error }: { id: number; result?: ArchiveEntry[]; error?: string }) => {
        const request = this.#waiting.get(id)
        this.#waiting.delete(id)
        if (error === undefined) request?.resolve(result ?? [])
        else request?.reject(new Error(`archive: ${error}`))
      },
    )
    worker.on('error', (error) => {
      for (const { reject } of this.#waiting.values()) reject(error as Error)
      this.#waiting.clear()
    })
  }

  /**
   * Opens the archive for writing. Files that the manifest does not name (a crash between writing
   * and publishing) are put aside, where nothing reads them.
   */
  static async open(folder: string): Promise<Archive> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const manifest = await Manifest.open<ArchiveEntry>(join(folder, manifestName))
    await putAsideUnlisted(folder, manifest)
    const workerData: ArchiveWorkerData = { folder, memoryLimit }
    const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData })
    return new Archive(folder, manifest, worker)
  }

  /** Hands rows over to the archive's thread, copied: the columns are free for reuse at once. */
  add(flows: FlowColumns): void {
    if (flows.count === 0) return
    if (this.#waitingRows + flows.count > waitingRowsMax) {
      this.droppedRows += flows.count
      return
    }
    this.#waitingRows += flows.count
    const block = blockOf(flows)
    const buffers = block.columns.filter((column) => column !== null)
    this.#ask({ kind: 'add', block }, buffers).catch(() => {
      this.droppedRows += block.rows
    })
  }

  /** Writes what was added so far, without publishing it: the next publish names it. For long imports. */
  async stage(): Promise<void> {
    const rows = this.#waitingRows
    this.#staged.push(...(await this.#ask({ kind: 'seal' })))
    this.#waitingRows -= rows
  }

  /**
   * Publishes everything added so far, in one transaction with what is given: durable when it
   * resolves. On failure the rows wait, and the next call tries again.
   */
  async publish({ journal, redo = [], set = {} }: PublishCommit): Promise<ArchiveEntry[]> {
    await this.stage()
    const add = this.#staged
    const values: ArchiveValues = journal ? { journal } : {}
    const merged = new Set([...this.redo(), ...redo])
    if (merged.size > this.redo().length) values.redo = [...merged]
    await this.#manifest.commit({ add, set: { ...set, ...values } })
    this.#staged = []
    return add
  }

  /** Merges the chunks of intervals that began before `before` into one sorted file each. */
  async merge(before: number): Promise<void> {
    const byInterval = new Map<number, ArchiveEntry[]>()
    for (const entry of this.entries()) {
      if (entry.interval >= before) continue
      const held = byInterval.get(entry.interval)
      if (held) held.push(entry)
      else byInterval.set(entry.interval, [entry])
    }
    for (const [interval, entries] of byInterval) {
      if (!entries.some((entry) => entry.isChunk)) continue
      await this.#mergeInterval(interval, entries)
    }
  }

  /** Intervals whose series are to be made again, unix ms. */
  redo(): readonly number[] {
    return this.#manifest.value<number[]>('redo') ?? []
  }

  /** Takes intervals off the redo list, durably. */
  async clearRedo(intervals: readonly number[]): Promise<void> {
    const done = new Set(intervals)
    const left = this.redo().filter((interval) => !done.has(interval))
    if (left.length < this.redo().length) await this.#manifest.commit({ set: { redo: left } })
  }

  /** How far the journal is covered by what is published, or null before the first publish. */
  position(): JournalPosition | null {
    return this.#manifest.value<JournalPosition>('journal') ?? null
  }

  /** A value that was set with a publish. */
  value<T>(name: string): T | undefined {
    return this.#manifest.value<T>(name)
  }

  entries(): readonly ArchiveEntry[] {
    return this.#manifest.entries()
  }

  /**
   * The published flows any part of which lies in [from, to) (unix ms), in no order. The columns
   * are used again for each batch.
   */
  async *read(from: number, to: number): AsyncGenerator<FlowColumns> {
    const files = this.entries()
      .filter((entry) => entry.firstMin < to && entry.lastMax >= from)
      .map((entry) => join(this.#folder, entry.file))
    if (files.length === 0) return
    const instance = await DuckDBInstance.create(':memory:', {
      threads: '1',
      memory_limit: memoryLimit,
    })
    const connection = await instance.connect()
    try {
      const list = files.map((file) => `'${file.replaceAll("'", "''")}'`).join(', ')
      const result = await connection.stream(
        `SELECT ${fromArchiveSql} FROM read_parquet([${list}])
         WHERE "flowStartMilliseconds" < make_timestamp_ms($1::BIGINT)
           AND greatest("flowStartMilliseconds", "flowEndMilliseconds") >= make_timestamp_ms($2::BIGINT)`,
        [BigInt(to), BigInt(from)],
      )
      const flows = createFlowColumns(vectorRows)
      for (;;) {
        const chunk = await result.fetchChunk()
        if (!chunk || chunk.rowCount === 0) break
        flows.count = 0
        takeChunk(flows, chunk.chunk, chunk.rowCount)
        yield flows
      }
    } finally {
      connection.closeSync()
      instance.closeSync()
    }
  }

  /** Drops the oldest files beyond an age (by receipt) and a sum of bytes, and deletes replaced ones in time. */
  async expire(limits: { keepMs: number; maxBytes: number; now: number }): Promise<void> {
    const sorted = [...this.entries()].sort((a, b) => a.interval - b.interval)
    let bytes = sorted.reduce((sum, entry) => sum + entry.bytes, 0)
    const newest = sorted.at(-1)?.receivedTo ?? limits.now
    const remove: string[] = []
    for (const entry of sorted) {
      if (bytes <= limits.maxBytes && entry.receivedTo >= newest - limits.keepMs) break
      bytes -= entry.bytes
      remove.push(entry.file)
    }
    await this.#replace({ add: [], remove }, limits.now)
    await this.#deleteReplaced(limits.now)
  }

  /** Receipt of the oldest flow that is still here, unix ms, once something has been dropped. */
  oldestMs(): number {
    if (this.value<boolean>('hasExpired') !== true) return Number.NEGATIVE_INFINITY
    return this.entries().reduce(
      (least, entry) => Math.min(least, entry.interval),
      Number.POSITIVE_INFINITY,
    )
  }

  /** Ends the thread; rows that were not published are in the journal, or are imported again. */
  async close(): Promise<void> {
    await this.#worker.terminate()
    await this.#manifest.close()
  }

  async #mergeInterval(interval: number, entries: readonly ArchiveEntry[]): Promise<void> {
    const files = entries.map((entry) => entry.file)
    const version = entries.filter((entry) => !entry.isChunk).length === 0 ? '' : `-${Date.now()}`
    const request = { kind: 'merge' as const, interval, files, suffix: version }
    const [merged] = await this.#ask(request)
    assert(merged, 'merging gives one file')
    const rows = entries.reduce((sum, entry) => sum + entry.rows, 0)
    const octets = entries.reduce((sum, entry) => sum + entry.octets, 0)
    if (merged.rows !== rows || merged.octets !== octets)
      throw new Error(`archive: merging ${files.join(', ')} gave ${merged.rows} of ${rows} rows`)
    await this.#replace({ add: [merged], remove: files }, Date.now())
  }

  async #replace(change: { add: ArchiveEntry[]; remove: string[] }, now: number): Promise<void> {
    if (change.remove.length === 0) return
    const replaced = this.#manifest.value<ArchiveValues['replaced']>('replaced') ?? []
    const gone = change.remove.map((file) => ({ file, at: now }))
    const hasExpired = change.add.length === 0 ? { hasExpired: true } : {}
    await this.#manifest.commit({
      ...change,
      set: { replaced: [...replaced, ...gone], ...hasExpired },
    })
  }

  async #deleteReplaced(now: number): Promise<void> {
    const replaced = this.#manifest.value<ArchiveValues['replaced']>('replaced') ?? []
    const due = replaced.filter(({ at }) => at + replacedKeepMs <= now || at > now + replacedKeepMs)
    if (due.length === 0) return
    for (const { file } of due) {
      await rm(join(this.#folder, file), { force: true })
      await removeEmptyFolders(this.#folder, dirname(file))
    }
    await this.#manifest.commit({
      set: { replaced: replaced.filter((each) => !due.includes(each)) },
    })
  }

  #ask(request: ArchiveRequest, transfer: ArrayBuffer[] = []): Promise<ArchiveEntry[]> {
    const id = ++this.#requests
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ id, request }, transfer)
    })
  }
}

async function putAsideUnlisted(folder: string, manifest: Manifest<ArchiveEntry>): Promise<void> {
  const replaced = manifest.value<ArchiveValues['replaced']>('replaced') ?? []
  const listed = new Set([...manifest.entries(), ...replaced].map(({ file }) => file))
  for (const file of await readdir(folder, { recursive: true })) {
    const isOurs = !file.startsWith(stagingFolder) && !file.startsWith(unlistedFolder)
    if (!file.endsWith('.parquet') || !isOurs || listed.has(file)) continue
    await mkdir(join(folder, unlistedFolder), { recursive: true, mode: 0o700 })
    await rename(join(folder, file), join(folder, unlistedFolder, file.replaceAll('/', '_')))
  }
}

async function removeEmptyFolders(root: string, folder: string): Promise<void> {
  for (let at = folder; at !== '.'; at = dirname(at)) {
    const isEmpty = (await readdir(join(root, at)).catch(() => ['gone'])).length === 0
    if (!isEmpty) return
    await rmdir(join(root, at))
  }
}
