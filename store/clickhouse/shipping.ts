/**
 * Sends the archive's closed files to ClickHouse, as they are: what is still to be sent is what the
 * archive's manifest names and the list of those sent does not, so that nothing is forgotten, however
 * long ClickHouse is away. A file's flows count once all of them are there: then it is listed, and in
 * the same insert what it replaces (an interval to which flows came late) is struck off.
 */
import { createReadStream } from 'node:fs'
import { access, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import type { ShippingStatus } from '../../flow/status.ts'
import type { ArchiveEntry } from '../archive/entry.ts'
import { Manifest } from '../manifest.ts'
import { Pause } from '../spool/pause.ts'
import { compareFiles, idOf, type FilesCompared } from './compare-files.ts'
import type { Connection } from './connection.ts'
import { writeDocument } from './documents.ts'
import { faultOf } from './fault.ts'
import { insertFile, type SentFile } from './insert-file.ts'

/** A wait for ClickHouse ends when nothing has got through for so long. */
const patienceMs = 60_000

export interface ShippingParts {
  /** The archive's folder. */
  archive: string
  /** Where the list of files that were sent is kept. */
  folder: string
  connection: Connection
  writer: string
  /** How long ClickHouse keeps flows, by the clock. */
  keepMs: number
  now: () => number
}

/** What the archive has, as of a moment. */
export interface ArchiveSeen {
  entries: readonly ArchiveEntry[]
  /** Intervals before that (unix ms) are over: their files are closed, or are to be. */
  closedBeforeMs: number
  /** When exporters were away. */
  breaks: unknown
}

export class Shipping {
  readonly #parts: ShippingParts
  readonly #sent: Manifest<SentFile>
  readonly #pause: Pause
  readonly #ending = new AbortController()
  #seen: ArchiveSeen = { entries: [], closedBeforeMs: 0, breaks: [] }
  #running: Promise<void> | null = null
  #lastError: string | null = null
  #refused: number
  #said = ''

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

  /** Told of the archive now and then; begins to send what is new, and does not wait for it. */
  look(seen: ArchiveSeen): void {
    this.#seen = seen
    this.#running ??= this.#run().finally(() => {
      this.#running = null
    })
  }

  /**
   * Resolves when all that the archive had is there.
   * @throws ClickHouseFault when nothing has got through for a minute
   */
  async settled(): Promise<void> {
    while (this.#running) {
      await Promise.race([this.#running, sleep(500)])
      const { fault, since } = this.#pause
      if (fault && this.#parts.now() - since > patienceMs) throw fault
    }
  }

  /**
   * Counts what is there of each of these files of the archive, and of what is not as it should be forgets
   * that it was sent: the next look sends it again. Retention by the clock is no difference.
   */
  async compare(given: readonly ArchiveEntry[]): Promise<FilesCompared> {
    const { connection, writer, keepMs, now } = this.#parts
    const entries = given.filter(({ isChunk, interval }) => !isChunk && interval + keepMs > now())
    const compared = await compareFiles(connection, { writer, entries })
    const remove = compared.differing.map(({ entry }) => entry.file)
    if (remove.length > 0) await this.#sent.commit({ remove })
    return compared
  }

  /** Flows that wait to be sent. */
  get waitingRows(): number {
    return this.#waiting().reduce((sum, { rows }) => sum + rows, 0)
  }

  status(): ShippingStatus {
    const waiting = this.#waiting()
    const oldest = waiting.reduce<number | null>(
      (least, { interval }) => Math.min(least ?? interval, interval),
      null,
    )
    return {
      waiting: waiting.length,
      oldest: oldest === null ? null : oldest / 1000,
      sent: this.#sent.entries().length,
      refusedByRetention: this.#refused,
      lastError: this.#lastError,
    }
  }

  async close(): Promise<void> {
    this.#ending.abort()
    await this.#running
    await this.#sent.close()
    await this.#parts.connection.close()
  }

  /** Closed files that were not sent, the oldest first. */
  #waiting(): ArchiveEntry[] {
    const sent = new Set(this.#sent.entries().map(({ file }) => file))
    const { entries, closedBeforeMs } = this.#seen
    return entries
      .filter(
        ({ file, isChunk, interval }) => !isChunk && interval < closedBeforeMs && !sent.has(file),
      )
      .sort((a, b) => a.interval - b.interval)
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending
    while (!signal.aborted) {
      try {
        const [next] = this.#waiting()
        if (next) await this.#send(next)
        else {
          await this.#say()
          await this.#forget()
          return
        }
        this.#pause.end()
      } catch (error) {
        if (signal.aborted) return
        const fault = faultOf(error)
        this.#lastError = fault.message
        this.#pause.begin(fault)
        await sleep(this.#pause.leftMs, undefined, { signal }).catch(() => undefined)
      }
    }
  }

  async #send(entry: ArchiveEntry): Promise<void> {
    const { archive, connection, writer, keepMs, now } = this.#parts
    // Of an interval with several files, those stay that the archive still names. A bundle takes the
    // place of all intervals in it: they were sent before it was made, while flows were kept there too.
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
    // The archive let go of it meanwhile: the next look does not name it any more.
    if (!isThere) {
      const { entries } = this.#seen
      this.#seen = { ...this.#seen, entries: entries.filter(({ file }) => file !== entry.file) }
      return
    }
    if (entry.interval + keepMs <= now()) this.#refused += entry.rows
    else
      await insertFile(connection, entry, {
        sent,
        replaced,
        writer,
        version: now(),
        rows: () => createReadStream(path),
        signal: this.#ending.signal,
      })
    await this.#sent.commit({
      add: [sent],
      remove: replaced.map(({ file }) => file),
      set: { refused: this.#refused },
    })
  }

  /** Says how far this collector's flows are there, and when exporters were away, where that changed. */
  async #say(): Promise<void> {
    const { connection, writer, now } = this.#parts
    const { closedBeforeMs, breaks } = this.#seen
    const documents = { shipped: { throughMs: Math.min(closedBeforeMs, 8.64e15) }, breaks }
    const text = JSON.stringify(documents)
    if (text === this.#said) return
    for (const [name, value] of Object.entries(documents))
      await writeDocument(connection, { writer, name, value, version: now() })
    this.#said = text
  }

  /** Files that the archive no longer has leave the list; ClickHouse keeps their flows for as long as it keeps any. */
  async #forget(): Promise<void> {
    const held = new Set(this.#seen.entries.map(({ file }) => file))
    const intervals = new Set(this.#seen.entries.map(({ interval }) => interval))
    const gone = this.#sent
      .entries()
      .filter(({ file, interval }) => !held.has(file) && !intervals.has(interval))
    if (gone.length > 0) await this.#sent.commit({ remove: gone.map(({ file }) => file) })
  }
}
