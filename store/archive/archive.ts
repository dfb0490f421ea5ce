/**
 * The flow archive, writer's side: flows by time of receipt in Parquet files that only ever appear
 * whole. What the manifest names is published; nothing else exists for readers.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import type { FlowColumns } from '../../flow/columns.ts'
import { Manifest } from '../manifest.ts'
import { besideNiceness, laterNiceness } from '../priority.ts'
import type { JournalPosition } from '../position.ts'
import { BlockPool } from './write/block-pool.ts'
import type { FlowBlock } from './columns.ts'
import {
  manifestName,
  unreadableSentences,
  type ArchiveEntry,
  type ArchiveValues,
} from './entry.ts'
import { putAsideUnlisted } from './write/folder.ts'
import { readFlows } from './read-back/read.ts'
import { ArchiveThread, SortingThread } from './write/thread.ts'
import { Upkeep, type UpkeepParts } from './write/upkeep.ts'

/** When so many rows wait to be written, who adds rows waits too. */
const crowdedRows = 1_500_000
/** Rows that wait to be published are written out when they are so many, so that memory is bounded. */
const stageRows = 100_000
const memoryLimit = '512MB'
/** Datagrams are received and counted first; then what they gave is written, since it waits in memory. Sorting has time. */
const writingNiceness = besideNiceness
/** Smaller files are soon bundled, and read as quickly as their lists: see write/host-list.ts. */
const listedRowsLeast = 50_000

/** What is committed with the rows: see ArchiveValues. */
export interface PublishCommit {
  journal?: JournalPosition
  /** Intervals to add to the redo list, unix ms. */
  redo?: readonly number[]
  set?: Record<string, unknown>
}

export class Archive {
  readonly #folder: string
  readonly #manifest: Manifest<ArchiveEntry>
  readonly #thread: ArchiveThread
  readonly #sorting: SortingThread
  readonly #upkeep: Upkeep
  /** Rows that were ever added, asked to be written, and written. */
  #added = 0
  #asked = 0
  #written = 0
  readonly #blocks = new BlockPool()
  /** Blocks that are not known to be written, each with the rows that were added up to its end. */
  #lent: { block: FlowBlock; end: number }[] = []
  /** Files that are written and not yet named by the manifest. */
  #staged: ArchiveEntry[] = []

  private constructor(parts: UpkeepParts, writing: ArchiveThread) {
    this.#folder = parts.folder
    this.#manifest = parts.manifest
    this.#thread = writing
    this.#sorting = parts.thread
    this.#upkeep = new Upkeep(parts)
  }

  /**
   * Opens the archive for writing. Files that the manifest does not name (a crash between writing
   * and publishing) are put aside, where nothing reads them.
   * @param mergeRowsMax rows that are sorted at once
   * @param listedRowsMin files with fewer rows get no list of their greatest hosts
   * @throws where the folder cannot be written
   */
  static async open(
    folder: string,
    {
      mergeRowsMax,
      listedRowsMin = listedRowsLeast,
    }: Pick<UpkeepParts, 'mergeRowsMax'> & { listedRowsMin?: number } = {},
  ): Promise<Archive> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const manifest = await Manifest.open<ArchiveEntry>(join(folder, manifestName))
    const replaced = manifest.value<ArchiveValues['replaced']>('replaced') ?? []
    const listed = new Set([...manifest.entries(), ...replaced].map(({ file }) => file))
    await putAsideUnlisted(folder, listed)
    const limits = { folder, memoryLimit, listedRowsMin }
    const writing = new ArchiveThread({ ...limits, niceness: writingNiceness })
    await writing.ask({ kind: 'open' })
    const thread = new SortingThread({ ...limits, niceness: laterNiceness })
    return new Archive({ folder, manifest, thread, ...(mergeRowsMax && { mergeRowsMax }) }, writing)
  }

  /** Hands rows over to the archive's thread, copied: the columns are free for reuse at once. Where it is crowded, wait before. */
  add(flows: FlowColumns): void {
    if (flows.count === 0) return
    this.#added += flows.count
    const block = this.#blocks.blockOf(flows)
    this.#lent.push({ block, end: this.#added })
    const buffers = block.columns.filter((column) => column instanceof ArrayBuffer)
    // The thread takes rows as long as it lives; without it nothing is stored, and the next start replays the journal.
    void this.#thread.ask({ kind: 'add', block: this.#blocks.sent(block) }, buffers)
    // A failure shows at the next publish, which writes the same rows again.
    if (this.#added - this.#asked >= stageRows) this.stage().catch(() => undefined)
  }

  /** Whether so many rows wait to be written that no more should be added before they are. */
  get isCrowded(): boolean {
    return this.#added - this.#written > crowdedRows
  }

  /**
   * Writes what was added so far, without publishing it: the next publish names it.
   * @throws where the disk refuses it; the rows wait
   */
  async stage(): Promise<void> {
    const rows = this.#added
    this.#asked = rows
    const entries = await this.#thread.ask({ kind: 'seal' })
    // What is staged may have been taken by a publication meanwhile: this is another list then.
    this.#staged.push(...entries)
    this.#written = Math.max(this.#written, rows)
    const isWritten = ({ end }: { end: number }) => end <= rows
    for (const { block } of this.#lent.filter(isWritten)) this.#blocks.takeBack(block)
    this.#lent = this.#lent.filter((each) => !isWritten(each))
  }

  /**
   * Publishes everything added so far, in one transaction with what is given: durable when it
   * resolves. On failure the rows wait, and the next call tries again.
   */
  async publish({ journal, redo = [], set = {} }: PublishCommit): Promise<ArchiveEntry[]> {
    await this.stage()
    const add = this.#staged
    this.#staged = []
    const values: ArchiveValues = journal ? { journal } : {}
    const merged = new Set([...this.redo(), ...redo])
    if (merged.size > this.redo().length) values.redo = [...merged]
    try {
      await this.#manifest.commit({ add, set: { ...set, ...values } })
    } catch (error) {
      this.#staged.unshift(...add)
      throw error
    }
    return add
  }

  /** Merges the chunks of intervals that began before `before` into sorted files: see Upkeep. */
  merge(before: number, options: { isBusy?: boolean; msMax?: number } = {}): Promise<void> {
    return this.#upkeep.merge(before, options)
  }

  /** Gives up sorting and bundling for this time; what is not sorted is published all the same: see Upkeep. */
  endSorting(): void {
    this.#upkeep.giveUpSorting({ isLast: true })
  }

  /** Makes one file of small neighbouring ones of an hour or a day that is over; whether there were any: see Upkeep. */
  bundle(nowMs: number): Promise<boolean> {
    return this.#upkeep.bundle(nowMs)
  }

  /** Ends the thread that sorts, until there is something to sort again. */
  endSortingThread(): Promise<void> {
    return this.#sorting.close()
  }

  /** Drops the oldest files beyond an age (by receipt) and a sum of bytes, and deletes replaced ones in time. */
  expire(limits: { keepMs: number; maxBytes: number; now: number }): Promise<void> {
    return this.#upkeep.expire(limits)
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

  /** Files that could not be read and were put aside: a sentence each. */
  problems(): string[] {
    return unreadableSentences(this.value('unreadable'))
  }

  /**
   * The published flows any part of which lies in [from, to) (unix ms), in no order. The columns
   * are used again for each batch.
   * @throws where a file cannot be read; it has been put aside then, and another try does without it
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
      await this.#upkeep.putAsideUnreadable(files)
      throw error
    } finally {
      await flows.return(undefined)
    }
  }

  /** Receipt of the oldest flow that is still here, unix ms, once something has been dropped. */
  oldestMs(): number {
    if (this.value<boolean>('hasExpired') !== true) return Number.NEGATIVE_INFINITY
    return this.entries().reduce(
      (least, entry) => Math.min(least, entry.interval),
      Number.POSITIVE_INFINITY,
    )
  }

  /** Ends the threads; rows that were not published are in the journal, or are imported again. */
  async close(): Promise<void> {
    await this.#sorting.close()
    await this.#thread.close()
    await this.#manifest.close()
  }
}
