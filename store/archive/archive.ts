/**
 * The flow archive, writer's side: flows by time of receipt in Parquet files, which appear whole or not at all. Readers
 * see the files that the manifest names, and no others. query.ts is the reader's side.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import type { FlowColumns } from '../../flow/columns.ts'
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import { Manifest } from '../manifest/manifest.ts'
import { besideNiceness, laterNiceness } from '../process/priority.ts'
import type { JournalPosition } from '../position.ts'
import { BlockPool } from './write/block-pool.ts'
import type { FlowBlock } from './columns.ts'
import {
  manifestName,
  unreadableSentences,
  type ArchiveEntry,
  type ArchiveValues,
} from './entry.ts'
import { hasFiles, putAsideUnlisted } from './write/folder.ts'
import { readFlows } from './read-back/read-flows.ts'
import { ArchiveThread, SortingThread } from './write/thread.ts'
import { Upkeep, type UpkeepParts } from './write/upkeep.ts'

/** From this many unwritten rows on, the archive is crowded: no more should be added until some are written. */
const crowdedRows = 1_500_000
/** Unpublished rows are written to files whenever there are this many, to bound memory. */
const stageRows = 100_000
/** DuckDB's memory limit, for reading files that it wrote. */
const memoryLimit = '512MB'
/** Receiving and counting come first, then writing, whose rows wait in memory; sorting can wait longest. */
const writingNiceness = besideNiceness
/** Smaller files get no list of their greatest hosts (write/host-list.ts): they are bundled soon, and quick to read. */
const listedRowsMinDefault = 50_000

/** What is committed in one transaction with the rows: see ArchiveValues. */
interface PublishCommit {
  /** How far the journal is covered by these rows and those before. */
  journal?: JournalPosition
  /** Intervals to add to the redo list, unix ms. */
  redo?: readonly number[]
  /** Other values, by name. */
  set?: Record<string, unknown>
}

export class Archive {
  readonly #folder: string
  readonly #manifest: Manifest<ArchiveEntry>
  readonly #thread: ArchiveThread
  readonly #sorting: SortingThread
  readonly #upkeep: Upkeep
  /** Rows added, requested to be written, and written, since the archive was opened. */
  #added = 0
  #sealed = 0
  #written = 0
  readonly #blocks = new BlockPool()
  /** Blocks not yet known to be written, each with the count of rows added up to its end. */
  #lent: { block: FlowBlock; end: number }[] = []
  /** Files that are written but not yet named by the manifest. */
  #staged: ArchiveEntry[] = []

  private constructor(parts: UpkeepParts, writing: ArchiveThread) {
    this.#folder = parts.folder
    this.#manifest = parts.manifest
    this.#thread = writing
    this.#sorting = parts.thread
    this.#upkeep = new Upkeep(parts)
  }

  /**
   * Opens the archive for writing, for one process at a time. Files that the manifest does not name,
   * left by a crash between writing and publishing, are moved aside, where nothing reads them.
   * @param mergeRowsMax the most rows sorted into one file
   * @param listedRowsMin files with fewer rows get no list of their largest hosts
   * @param fileMs the time of receipt that a file covers before it is bundled: an interval, or whole hours where all of
   * an hour's flows come at once
   * @throws if the folder cannot be written, or its manifest is lost or damaged
   */
  static async open(
    folder: string,
    {
      mergeRowsMax,
      listedRowsMin = listedRowsMinDefault,
      fileMs = intervalMs,
    }: Pick<UpkeepParts, 'mergeRowsMax'> & { listedRowsMin?: number; fileMs?: number } = {},
  ): Promise<Archive> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const manifest = await Manifest.open<ArchiveEntry>(join(folder, manifestName), () =>
      hasFiles(folder),
    )
    const replaced = manifest.value<ArchiveValues['replaced']>('replaced') ?? []
    const listed = new Set([...manifest.entries(), ...replaced].map(({ file }) => file))
    await putAsideUnlisted(folder, listed)
    const limits = { folder, memoryLimit, listedRowsMin, fileMs }
    const writing = new ArchiveThread({ ...limits, niceness: writingNiceness })
    await writing.ask({ kind: 'open' })
    const thread = new SortingThread({ ...limits, niceness: laterNiceness })
    const parts = { folder, manifest, thread, fileMs, ...(mergeRowsMax && { mergeRowsMax }) }
    return new Archive(parts, writing)
  }

  /** Copies rows to the archive's thread; the columns may be reused at once. Not to be called while `isCrowded`. */
  add(flows: FlowColumns): void {
    if (flows.count === 0) return
    this.#added += flows.count
    const block = this.#blocks.blockOf(flows)
    this.#lent.push({ block, end: this.#added })
    const buffers = block.columns.filter((column) => column instanceof ArrayBuffer)
    // Fails only if the thread has died; then nothing is stored, and the next start replays the journal.
    void this.#thread.ask({ kind: 'add', block: this.#blocks.sent(block) }, buffers)
    // The next publish tries again, and reports the failure.
    if (this.#added - this.#sealed >= stageRows) this.stage().catch(() => undefined)
  }

  /** Whether so many rows are unwritten that no more should be added now. */
  get isCrowded(): boolean {
    return this.#added - this.#written > crowdedRows
  }

  /**
   * Writes the rows added so far to files, which the next publish names.
   * @throws if the disk refuses them; the rows are kept, and written by a later call
   */
  async stage(): Promise<void> {
    const rows = this.#added
    this.#sealed = rows
    const entries = await this.#thread.ask({ kind: 'seal' })
    // The list may be a new one: a publication may have taken the old one meanwhile.
    this.#staged.push(...entries)
    this.#written = Math.max(this.#written, rows)
    const isWritten = ({ end }: { end: number }) => end <= rows
    for (const { block } of this.#lent.filter(isWritten)) this.#blocks.takeBack(block)
    this.#lent = this.#lent.filter((each) => !isWritten(each))
  }

  /**
   * Publishes the rows added so far, with these values in one transaction; durable. Returns their files.
   * @throws if the disk refuses it; the rows are kept, and the next call tries again
   */
  async publish({ journal, redo = [], set = {} }: PublishCommit): Promise<ArchiveEntry[]> {
    // A copy: the owners go on counting in these objects, and the manifest keeps and rewrites its own.
    const kept = structuredClone(set)
    await this.stage()
    const add = this.#staged
    this.#staged = []
    const values: ArchiveValues = journal ? { journal } : {}
    const merged = new Set([...this.redo(), ...redo])
    if (merged.size > this.redo().length) values.redo = [...merged]
    try {
      await this.#manifest.commit({ add, set: { ...kept, ...values } })
    } catch (error) {
      this.#staged.unshift(...add)
      throw error
    }
    return add
  }

  /** Merges the chunks that began before `before` (unix ms) into sorted files: see Upkeep. */
  merge(before: number, options: { isBusy?: boolean; msMax?: number } = {}): Promise<void> {
    return this.#upkeep.merge(before, options)
  }

  /** Abandons sorting and bundling until the archive is opened again; unsorted files stay published: see Upkeep. */
  endSorting(): void {
    this.#upkeep.endSorting()
  }

  /** Bundles the small files of one past hour or day. False if there are none left: see Upkeep. */
  bundle(nowMs: number): Promise<boolean> {
    return this.#upkeep.bundle(nowMs)
  }

  /** Which files are neither sorted nor read, for lack of permission; null if all may be read, as far as is known. */
  get forbidden(): string | null {
    return this.#upkeep.forbidden.problem
  }

  /** Ends the sorting thread to free its memory; the next merge starts another. */
  endSortingThread(): Promise<void> {
    return this.#sorting.close()
  }

  /**
   * Drops the oldest files while they were received more than `keepMs` before the newest, or all
   * exceed `maxBytes`. Deletes files that were replaced long enough ago.
   */
  expire(limits: { keepMs: number; maxBytes: number; now: number }): Promise<void> {
    return this.#upkeep.expire(limits)
  }

  /** Intervals whose series must be rebuilt, unix ms. */
  redo(): readonly number[] {
    return this.#manifest.value<number[]>('redo') ?? []
  }

  /** Takes intervals off the redo list, durably; with the last, what an import left for them goes. */
  async clearRedo(intervals: readonly number[]): Promise<void> {
    const done = new Set(intervals)
    const left = this.redo().filter((interval) => !done.has(interval))
    if (left.length === this.redo().length) return
    const isLast = left.length === 0 && Boolean(this.value('imported'))
    await this.#manifest.commit({ set: { redo: left, ...(isLast && { imported: null }) } })
  }

  /** How far the journal is covered by what is published, or null before the first publish. */
  position(): JournalPosition | null {
    return this.#manifest.value<JournalPosition>('journal') ?? null
  }

  /** A value stored by a publish. */
  value<T>(name: string): T | undefined {
    return this.#manifest.value<T>(name)
  }

  /** The published files. */
  entries(): readonly ArchiveEntry[] {
    return this.#manifest.entries()
  }

  /** A sentence for each file that could not be read and was moved aside. */
  problems(): string[] {
    return unreadableSentences(this.value('unreadable'))
  }

  /**
   * The published flows that overlap [from, to) (unix ms), in no order. The columns are valid until
   * the next batch.
   * @throws if a file cannot be read; it has then been moved aside, and another call reads the
   * rest. One without permission stays: see `mayReadAll`.
   */
  async *read(from: number, to: number): AsyncGenerator<FlowColumns> {
    const files = this.entries()
      .filter((entry) => entry.firstMin < to && entry.lastMax >= from)
      .map((entry) => entry.file)
    const paths = files.map((file) => join(this.#folder, file))
    const flows = readFlows(paths, { from, to, memoryLimit })
    try {
      for (;;) {
        const batch = await flows.next()
        if (batch.done) return
        yield batch.value
      }
    } catch (error) {
      if (!this.#upkeep.forbidden.note(files)) await this.#upkeep.putAsideUnreadable(files)
      throw error
    } finally {
      await flows.return(undefined)
    }
  }

  /** Those of the intervals of which no file lacks permission, as far as `read` and sorting have found. */
  mayReadAll(intervals: readonly number[]): number[] {
    const forbidden = this.#upkeep.forbidden.of(this.entries())
    return intervals.filter(
      (from) =>
        !forbidden.some(({ firstMin, lastMax }) => firstMin < from + intervalMs && lastMax >= from),
    )
  }

  /**
   * The first interval since which no flow was dropped, unix ms; -Infinity while none was. A flow's times may be later
   * than its receipt by as much as an interval.
   */
  completeFrom(): number {
    const expiredTo = this.value<number>('expiredTo') ?? Number.NEGATIVE_INFINITY
    return intervalStart(expiredTo) + 2 * intervalMs
  }

  /** Whether no flow of an interval was dropped, or lies in a file that was put aside because it is unreadable. */
  isComplete(interval: number): boolean {
    if (interval < this.completeFrom()) return false
    const unreadable = this.value<ArchiveValues['unreadable']>('unreadable') ?? []
    return !unreadable.some(
      ({ firstMin = Number.POSITIVE_INFINITY, lastMax = 0 }) =>
        firstMin < interval + intervalMs && lastMax >= interval,
    )
  }

  /** Ends the threads. Unpublished rows are lost here; the journal or the capture still has them. */
  async close(): Promise<void> {
    await this.#sorting.close()
    await this.#thread.close()
    await this.#manifest.close()
  }
}
