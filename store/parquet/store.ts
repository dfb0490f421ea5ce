/**
 * The embedded series store: Parquet files, a manifest that lists them, and DuckDB to query them.
 */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'

import type { Tier } from '../../flow/interval.ts'
import { reasonOf } from '../../flow/reason.ts'
import { isForbidden, isLost } from '../disk/file-fault.ts'
import type {
  ReadQuery,
  SeriesRange,
  SeriesReader,
  SeriesStore,
  StepRows,
  TopQuery,
} from '../series.ts'
import { readCoverage, readTop } from './answers.ts'
import type { Engine } from './engine.ts'
import { entriesOf, Files, type FileSource } from './files.ts'
import type { Period, SeriesEntry } from './layout.ts'
import type { Listing } from './listing.ts'
import { covers, unsettledPeriod } from './placing.ts'
import { readRows } from './read.ts'
import { extentOf, readSteps } from './steps.ts'
import type { SeriesWriter } from './writer.ts'

/** On a disk that refuses everything, a tier's periods are not all tried after each write. */
const unjoinedMax = 8

/** The reading half, over any source of files. */
export class ParquetSeriesReader implements SeriesReader {
  protected readonly engine: Engine
  protected readonly files: Files

  /** `holdsFiles`: hold files that are asked for repeatedly in memory. */
  constructor(
    folder: string,
    engine: Engine,
    { source, holdsFiles }: { source: FileSource; holdsFiles: boolean },
  ) {
    this.engine = engine
    this.files = new Files(folder, engine, { source, holdsFiles })
  }

  steps(range: SeriesRange & { exporter: string }) {
    return readSteps(this.files, range)
  }

  coverage(range: SeriesRange) {
    return readCoverage(this.files, range)
  }

  top(query: TopQuery) {
    return readTop(this.files, query)
  }

  read(query: ReadQuery) {
    return readRows(this.files, query)
  }

  async extent(tier: Tier) {
    const entries = await this.files.source.entries()
    const expired = (await this.files.source.expired())[tier.name] ?? Number.NEGATIVE_INFINITY
    const found = extentOf(entriesOf(entries, tier, 'coverage'))
    if (!found || found.to < expired) return null
    return {
      from: Math.max(found.from, Math.ceil(expired / tier.stepMs) * tier.stepMs),
      to: found.to,
    }
  }

  async problems(): Promise<readonly string[]> {
    const leftOut = await this.files.source.leftOut()
    return leftOut.map(({ file, reason }) => `series file ${file} is left out: ${reason}`)
  }

  async close() {
    this.files.held?.close()
    await this.engine.close()
  }
}

/** Reading and writing, for the one process that writes. */
export class ParquetSeries extends ParquetSeriesReader implements SeriesStore {
  readonly #folder: string
  readonly #listing: Listing
  readonly #writer: SeriesWriter
  /** By tier: why the files of a period could not be joined when it was last tried; null if they could. */
  readonly unjoinedIn: Record<string, string | null> = {}
  /** Writes run one after the other; files are joined after the write that allows it. */
  #work: Promise<void> = Promise.resolve()

  constructor(folder: string, parts: { engine: Engine; listing: Listing; writer: SeriesWriter }) {
    const { engine, listing, writer } = parts
    const source: FileSource = {
      onlyReads: false,
      entries: () => listing.entries(),
      expired: () => listing.expired(),
      leaveOut: (entry, reason) => listing.leaveOut(entry, reason),
      leftOut: () => listing.leftOut(),
    }
    // The writer is about to replace the files that it reads.
    super(folder, engine, { source, holdsFiles: false })
    this.#folder = folder
    this.#listing = listing
    this.#writer = writer
  }

  /** Leaves out files that are missing or do not have their original length. @throws if that cannot be told now */
  async check(): Promise<void> {
    const found = await Promise.all(
      this.#listing.entries().map(async (entry) => {
        const file = await stat(join(this.#folder, entry.file)).catch((error: unknown) => {
          if (isLost(error)) return null
          throw error
        })
        return { entry, bytes: file?.size ?? null }
      }),
    )
    for (const { entry, bytes } of found)
      if (bytes !== entry.bytes) {
        const reason =
          bytes === null ? 'is missing' : `has ${bytes} bytes and was made with ${entry.bytes}`
        await this.files.source.leaveOut(entry, reason)
      }
  }

  async write(tier: Tier, steps: readonly StepRows[]): Promise<void> {
    if (steps.length === 0) return
    await this.#next(() => this.#write(tier, steps))
    // What fails stays as it is, and the next write retries.
    void this.#next(() => this.#settle(tier))
  }

  expire(tier: Tier, before: number): Promise<void> {
    return this.#next(() => this.#writer.expire(tier, before))
  }

  override async close(): Promise<void> {
    await this.#work
    await super.close()
    await this.#listing.close()
  }

  #write(tier: Tier, steps: readonly StepRows[]): Promise<void> {
    const isTouched = (entry: SeriesEntry) =>
      steps.some(({ coverage: { time } }) => covers(entry, time))
    return this.#copying(tier, isTouched, () => this.#writer.write(tier, steps))
  }

  /**
   * Joins the files of settled periods, one after the other. A period that cannot be joined waits, and the others do
   * not wait for it. Why one waits is kept in `unjoinedIn`; of a file without permission its readers tell.
   */
  async #settle(tier: Tier): Promise<void> {
    const waiting: Period[] = []
    const reasons: string[] = []
    this.unjoinedIn[tier.name] = null
    while (reasons.length < unjoinedMax) {
      const isWaiting = ({ from }: SeriesEntry) => waiting.some((each) => covers(each, from))
      const entries = this.#listing.entries().filter((entry) => !isWaiting(entry))
      const period = unsettledPeriod(tier, entries)
      if (!period) return
      const isJoined = (entry: SeriesEntry) => covers(period, entry.from)
      try {
        await this.#copying(tier, isJoined, () => this.#writer.join(tier, period))
      } catch (error) {
        waiting.push(period)
        if (isForbidden(error)) continue
        const reason = reasonOf(error).split('\n')[0]!.replaceAll(`${this.#folder}/`, '')
        reasons.push(`${tier.name} of ${period.label}: ${reason}`)
        this.unjoinedIn[tier.name] ??= reasons[0]!
      }
    }
  }

  /** An unreadable file cannot be copied: it is left out, and `work` goes on. */
  async #copying(
    tier: Tier,
    isCopied: (entry: SeriesEntry) => boolean,
    work: () => Promise<void>,
  ): Promise<void> {
    try {
      await work()
    } catch (error) {
      const entries = this.#listing.entries().filter((entry) => entry.tier === tier.name)
      if (!(await this.files.leaveOutUnreadable(entries.filter(isCopied)))) throw error
      await work()
    }
  }

  #next(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work)
    this.#work = done.catch(() => undefined)
    return done
  }
}
