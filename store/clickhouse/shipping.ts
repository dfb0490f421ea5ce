/**
 * Sends the archive's closed files unchanged to ClickHouse. The queue is the difference between the
 * archive's manifest and the list of sent files, so nothing is forgotten, however long ClickHouse
 * is down. A file's flows count once all are there: then it is listed, and the files it replaces
 * (of an interval with late flows) are delisted in the same insert.
 */
import { createReadStream } from 'node:fs'
import { access, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import type { ShippingStatus } from '../../flow/status.ts'
import type { ArchiveEntry, UnreadableFile } from '../archive/entry.ts'
import { Manifest } from '../manifest/manifest.ts'
import { StoreFault } from '../spool/fault.ts'
import { Pause } from '../spool/pause.ts'
import { compareFiles, idOf, type FilesCompared } from './compare-files.ts'
import type { Connection } from './connection.ts'
import { writeDocument } from './documents.ts'
import { faultOf } from './fault.ts'
import { shippedOf } from './shipped.ts'
import { insertFile, type InsertOptions, type SentFile } from './insert-file.ts'

/** Waiting for ClickHouse ends after this long without progress. */
const patienceMs = 60_000

interface ShippingParts {
  /** The archive's folder. */
  archive: string
  /** The folder for the list of sent files. */
  folder: string
  connection: Connection
  writer: string
  /** How long ClickHouse keeps flows, by its clock. */
  keepMs: number
  now: () => number
}

/** While files are sent, it is reported this often how far that is. */
const reportMs = 15_000

/** The archive at a point in time. */
export interface ArchiveSeen {
  entries: readonly ArchiveEntry[]
  /** Intervals before this (unix ms) are over: their files are closed, or will be. */
  closedBeforeMs: number
  /** Files that were put aside. */
  unreadable: readonly UnreadableFile[]
  /** When exporters were away. */
  breaks: unknown
}

export class Shipping {
  readonly #parts: ShippingParts
  readonly #sent: Manifest<SentFile>
  readonly #pause: Pause
  readonly #ending = new AbortController()
  /** Files that could not be sent, the latest last: they come after all others, so that a damaged one holds up none. */
  readonly #failed = new Set<string>()
  #seen: ArchiveSeen = { entries: [], closedBeforeMs: 0, unreadable: [], breaks: [] }
  #running: Promise<void> | null = null
  #lastError: string | null = null
  #refused: number
  #said = ''
  #saidMs = 0

  private constructor(parts: ShippingParts, sent: Manifest<SentFile>) {
    this.#parts = parts
    this.#sent = sent
    this.#pause = new Pause(parts.now)
    this.#refused = sent.value<number>('refused') ?? 0
  }

  static async open(parts: ShippingParts): Promise<Shipping> {
    await mkdir(parts.folder, { recursive: true, mode: 0o700 })
    const sent = await Manifest.open<SentFile>(join(parts.folder, 'flows.jsonl'))
    return new Shipping(parts, sent)
  }

  /** Called with the archive's state from time to time; starts sending new files in the background. */
  look(seen: ArchiveSeen): void {
    this.#seen = seen
    this.#running ??= this.#run().finally(() => {
      this.#running = null
    })
  }

  /**
   * Resolves when everything in the archive has been sent.
   * @throws StoreFault after a minute without progress
   */
  async settled(): Promise<void> {
    while (this.#running) {
      await Promise.race([this.#running, sleep(500)])
      const { fault, since } = this.#pause
      if (fault && this.#parts.now() - since > patienceMs) throw fault
    }
  }

  /**
   * Compares these files with ClickHouse and forgets that the differing ones were sent, so that the
   * next look sends them again. Differences due to retention are ignored.
   */
  async compare(given: readonly ArchiveEntry[]): Promise<FilesCompared> {
    const { connection, writer, keepMs, now } = this.#parts
    const entries = given.filter(({ isChunk, interval }) => !isChunk && interval + keepMs > now())
    const compared = await compareFiles(connection, { writer, entries })
    const remove = compared.differing.map(({ entry }) => entry.file)
    if (remove.length > 0) await this.#sent.commit({ remove })
    return compared
  }

  /** Flows waiting to be sent. */
  get waitingRows(): number {
    return this.#waiting().reduce((sum, { rows }) => sum + rows, 0)
  }

  status(): ShippingStatus {
    const waiting = this.#waiting()
    const oldest = waiting.reduce<number | null>(
      (least, { interval }) => Math.min(least ?? interval, interval),
      null,
    )
    const refusedMs = this.#sent.value<number>('refusedMs') ?? null
    return {
      waiting: waiting.length,
      oldest: oldest === null ? null : oldest / 1000,
      sent: this.#sent.entries().length,
      refusedByRetention: this.#refused,
      refusedAt: refusedMs === null ? null : refusedMs / 1000,
      lastError: this.#lastError,
    }
  }

  async close(): Promise<void> {
    this.#ending.abort()
    await this.#parts.connection.close()
    await this.#running
    await this.#sent.close()
  }

  /** Closed files not sent yet, oldest first. */
  #waiting(): ArchiveEntry[] {
    const sent = new Set(this.#sent.entries().map(({ file }) => file))
    const { entries, closedBeforeMs } = this.#seen
    return entries
      .filter(
        ({ file, isChunk, interval }) => !isChunk && interval < closedBeforeMs && !sent.has(file),
      )
      .sort((a, b) => a.interval - b.interval)
  }

  /** What to send next: the oldest that has not failed, or what failed longest ago. */
  #next(): ArchiveEntry | undefined {
    const waiting = this.#waiting()
    const files = new Set(waiting.map(({ file }) => file))
    for (const file of this.#failed) if (!files.has(file)) this.#failed.delete(file)
    const [earliest] = this.#failed
    return (
      waiting.find(({ file }) => !this.#failed.has(file)) ??
      waiting.find(({ file }) => file === earliest)
    )
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending
    while (!signal.aborted) {
      const next = this.#next()
      try {
        await (next ? this.#sendOne(next) : this.#finish())
        this.#pause.end()
        if (next) continue
        this.#lastError = null
        return
      } catch (error) {
        if (signal.aborted) return
        if (next) this.#putLast(next.file)
        const fault = error instanceof StoreFault ? error : faultOf(error)
        this.#lastError = fault.message
        this.#pause.begin(fault)
        await sleep(this.#pause.leftMs, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  async #sendOne(entry: ArchiveEntry): Promise<void> {
    if (Math.abs(this.#parts.now() - this.#saidMs) >= reportMs) await this.#say()
    await this.#send(entry)
    this.#failed.delete(entry.file)
  }

  /** When everything was sent. */
  async #finish(): Promise<void> {
    await this.#say()
    await this.#forget()
  }

  #putLast(file: string): void {
    this.#failed.delete(file)
    this.#failed.add(file)
  }

  async #send(entry: ArchiveEntry): Promise<void> {
    const { archive, writer, keepMs, now } = this.#parts
    // In an interval with several files, those that the archive still names stay. A bundle replaces
    // all its intervals: they were sent before it was made, if flows were sent then, too.
    const held = new Set(this.#seen.entries.map(({ file }) => file))
    const replaced = this.#sent
      .entries()
      .filter(
        ({ file, interval }) =>
          interval >= entry.interval &&
          interval <= Math.max(entry.interval, entry.receivedTo) &&
          !held.has(file),
      )
    const sent: SentFile = {
      file: entry.file,
      interval: entry.interval,
      id: idOf(writer, entry.file),
    }
    const path = join(archive, entry.file)
    const isThere = await access(path).then(
      () => true,
      () => false,
    )
    // The archive has dropped it meanwhile: the next look will not name it.
    if (!isThere) {
      const { entries } = this.#seen
      this.#seen = { ...this.#seen, entries: entries.filter(({ file }) => file !== entry.file) }
      return
    }
    // Greater than that of the insert that listed what this one replaces, even if the clock was set back.
    const version = Math.max(now(), (this.#sent.value<number>('version') ?? 0) + 1)
    let refused = this.#refused
    if (entry.interval + keepMs <= now()) {
      // The flows of what it replaces were there in time, or are counted already.
      const before = replaced.reduce((sum, { rows = 0 }) => sum + rows, 0)
      refused += Math.max(0, entry.rows - before)
    } else await this.#insert(entry, path, { sent, replaced, writer, version })
    await this.#sent.commit({
      add: [{ ...sent, rows: entry.rows }],
      remove: replaced.map(({ file }) => file),
      set: { refused, version, ...(refused > this.#refused && { refusedMs: now() }) },
    })
    this.#refused = refused
  }

  /** @throws StoreFault; if the file cannot be read, ClickHouse is not blamed */
  async #insert(
    entry: ArchiveEntry,
    path: string,
    options: Omit<InsertOptions, 'rows' | 'signal'>,
  ): Promise<void> {
    let unread: Error | null = null
    const rows = () =>
      createReadStream(path).on('error', (error) => {
        unread = error
      })
    try {
      const { signal } = this.#ending
      await insertFile(this.#parts.connection, entry, { ...options, rows, signal })
    } catch (error) {
      throw unread === null ? error : unreadFault(entry, unread)
    }
  }

  /** Reports how far this collector's flows have been sent, and when exporters were away, if changed. */
  async #say(): Promise<void> {
    const { connection, writer, now } = this.#parts
    const { closedBeforeMs, unreadable, breaks } = this.#seen
    const sent = new Set(this.#sent.entries().map(({ file }) => file))
    const lost = unreadable.filter(({ file }) => !sent.has(file))
    const [waiting, failed] = [this.#waiting(), this.#failed]
    const documents = { shipped: shippedOf({ closedBeforeMs, waiting, failed, lost }), breaks }
    this.#saidMs = now()
    const text = JSON.stringify(documents)
    if (text === this.#said) return
    for (const [name, value] of Object.entries(documents))
      await writeDocument(connection, { writer, name, value, version: now() })
    this.#said = text
  }

  /**
   * Removes files from the list that the archive no longer has, nor has put aside; ClickHouse keeps
   * their flows until its own retention.
   */
  async #forget(): Promise<void> {
    const { entries, unreadable } = this.#seen
    const held = new Set([...entries, ...unreadable].map(({ file }) => file))
    const intervals = new Set(this.#seen.entries.map(({ interval }) => interval))
    const gone = this.#sent
      .entries()
      .filter(({ file, interval }) => !held.has(file) && !intervals.has(interval))
    if (gone.length > 0) await this.#sent.commit({ remove: gone.map(({ file }) => file) })
  }
}

function unreadFault({ file }: ArchiveEntry, cause: Error): StoreFault {
  return new StoreFault({
    store: 'archive',
    kind: 'busy',
    message: `${file} cannot be read: ${cause.message}`,
    remedy: 'see the disk of WEIR_DATA, and who owns the file',
    cause,
  })
}
