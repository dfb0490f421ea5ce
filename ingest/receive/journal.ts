/**
 * The journal: every datagram as received, appended to pcap segments (raw IP), so that a start
 * after a crash is a replay. A segment's sidecar holds the decoder's state at its start; it is
 * written a moment after the segment begins, once everything before it is decoded.
 *
 * Appending copies to a buffer that is passed to the kernel at the end of each turn of the event
 * loop, so a crash loses only the datagrams of that turn. Syncing runs in the background, every
 * second or every 16 MiB.
 */
import { Buffer } from 'node:buffer'
import { closeSync, fdatasync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'

import { reasonOf } from '../../flow/reason.ts'
import { FolderUnusable, makeFolder } from '../../store/disk/make-folder.ts'
import type { JournalPosition } from '../../store/position.ts'
import { headersBytesMax, writeHeaders, type CapturedDatagram } from '../capture/packet.ts'
import {
  fileHeader,
  fileHeaderBytes,
  recordHeaderBytes,
  removeBefore,
  segmentName,
  segments,
} from './journal-files.ts'
import { seal } from './journal-record.ts'
import { openDropPages, type DropPages } from './page-cache.ts'

export interface JournalCounters {
  datagrams: number
  bytes: number
  /** Datagrams not journalled, because the disk was too slow or refused them. */
  dropped: number
  lastError: string | null
  /** The longest that the disk took for a write, during which nothing is received. */
  longestWriteMs: number
  /** Why the last sync that failed did, and when, unix ms; null: none has. */
  failedSync: { reason: string; atMs: number } | null
}

const segmentBytesMax = 256 << 20
const syncEveryBytes = 16 << 20
const syncEveryMs = 1000
/** How often to check whether a sync is due. */
const syncCheckMs = 100
/** How often to try a new segment on a disk that refuses writes. */
const retryEveryMs = 1000
const bufferBytes = 4 << 20

export class Journal {
  readonly counters: JournalCounters = {
    datagrams: 0,
    bytes: 0,
    dropped: 0,
    lastError: null,
    longestWriteMs: 0,
    failedSync: null,
  }
  /** Whether written data will be read back soon, and should stay in the page cache. */
  isReadBack = false
  readonly #folder: string
  /** File descriptor of the segment; null if the disk refused it. */
  #file: number | null = null
  #segment: number
  /** Offset of the next datagram, counting buffered ones. */
  #offset = 0
  readonly #buffer: Buffer = Buffer.allocUnsafe(bufferBytes)
  readonly #view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset, bufferBytes)
  #used = 0
  /** Datagrams in the buffer. */
  #buffered = 0
  #unsynced = 0
  readonly #dropPages: DropPages | null
  #lastSyncMs = 0
  #rotatedMs = 0
  /** Syncs in progress; closing waits for them. */
  readonly #syncs = new Set<Promise<void>>()
  readonly #timer: NodeJS.Timeout
  /** The flush at the end of this turn, if one is due. */
  #flushing: NodeJS.Immediate | null = null

  private constructor(folder: string, segment: number, dropPages: DropPages | null) {
    this.#folder = folder
    this.#dropPages = dropPages
    this.#segment = segment
    this.#timer = setInterval(() => this.flush(), syncCheckMs)
  }

  /**
   * Opens a new segment after the existing ones.
   * @throws FolderUnusable if the disk refuses it
   */
  static async open(folder: string): Promise<Journal> {
    await makeFolder(folder)
    const last = (await segments(folder)).at(-1) ?? 0
    const journal = new Journal(folder, last, await openDropPages())
    try {
      journal.#begin()
    } catch (error) {
      await journal.close()
      throw new FolderUnusable(folder, error as NodeJS.ErrnoException)
    }
    return journal
  }

  /** The position of the next datagram. */
  get position(): JournalPosition {
    return { segment: this.#segment, offset: this.#offset }
  }

  /** Free disk space in bytes; infinite if the system does not report it. */
  freeBytes(): number {
    try {
      const { bavail, bsize } = statfsSync(this.#folder)
      return bavail * bsize
    } catch {
      return Number.POSITIVE_INFINITY
    }
  }

  /** Whether the caller should rotate: the segment has reached its size, or a write to it failed. */
  get isFull(): boolean {
    if (this.#file === null) return performance.now() - this.#rotatedMs > retryEveryMs
    return this.#offset >= segmentBytesMax
  }

  /** Appends a datagram; false if the segment can take no more: then the datagram is counted as dropped. */
  append(datagram: Omit<CapturedDatagram, 'isCut'>, receivedMs: number): boolean {
    const payload = datagram.payload
    if (this.#used + recordHeaderBytes + headersBytesMax + payload.length > bufferBytes)
      this.flush()
    if (this.#file === null) {
      this.counters.dropped++
      return false
    }
    const start = this.#used
    const header = writeHeaders(this.#view, start + recordHeaderBytes, datagram, payload.length)
    const length = header + payload.length
    const seconds = Math.floor(receivedMs / 1000)
    this.#view.setUint32(start, seconds, true)
    this.#view.setUint32(start + 4, (receivedMs - seconds * 1000) * 1000, true)
    this.#view.setUint32(start + 8, length, true)
    this.#view.setUint32(start + 12, length, true)
    this.#buffer.set(payload, start + recordHeaderBytes + header)
    seal(this.#view, start, length)
    this.#used += recordHeaderBytes + length
    this.#offset += recordHeaderBytes + length
    this.#buffered++
    this.#flushing ??= setImmediate(() => this.flush())
    return true
  }

  /**
   * Ends the segment and starts a new one; false if the disk refuses it. Then the position stays, and
   * datagrams are dropped until a later call succeeds.
   */
  rotate(): boolean {
    this.flush()
    this.#retire()
    const startedMs = performance.now()
    try {
      this.#begin()
      return true
    } catch (error) {
      this.#fail(error)
      return false
    } finally {
      this.#waited(startedMs)
    }
  }

  /** Deletes the segments that lie entirely before a position. */
  async release(covered: JournalPosition): Promise<void> {
    await removeBefore(this.#folder, Math.min(covered.segment, this.#segment))
  }

  /** Writes and syncs the buffer, then closes. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.flush()
    this.#retire()
    await Promise.all(this.#syncs)
  }

  /**
   * Writes the buffer, synchronously: data the kernel has taken survives the process, a queue in
   * front of the disk would not. Runs by itself at the end of a turn, unless called before.
   */
  flush(): void {
    if (this.#flushing) clearImmediate(this.#flushing)
    this.#flushing = null
    const used = this.#used
    const datagrams = this.#buffered
    this.#used = 0
    this.#buffered = 0
    if (used > 0 && this.#file !== null) {
      const startedMs = performance.now()
      try {
        if (writeSync(this.#file, this.#buffer, 0, used) < used)
          throw new Error('the disk took only a part')
        this.counters.datagrams += datagrams
        this.counters.bytes += used
        this.#unsynced += used
      } catch (error) {
        this.counters.dropped += datagrams
        this.#fail(error)
      }
      this.#waited(startedMs)
    }
    const isDue = performance.now() - this.#lastSyncMs >= syncEveryMs
    if (this.#file !== null && (this.#unsynced >= syncEveryBytes || (isDue && this.#unsynced > 0)))
      this.#sync(this.#file, false)
  }

  /** @throws if the disk refuses the next segment; then no file is left, since this is tried every second */
  #begin(): void {
    this.#rotatedMs = performance.now()
    const path = join(this.#folder, segmentName(this.#segment + 1))
    const file = openSync(path, 'wx', 0o600)
    try {
      writeSync(file, fileHeader())
    } catch (error) {
      closeSync(file)
      rmSync(path)
      throw error
    }
    this.#file = file
    this.#segment++
    this.#offset = fileHeaderBytes
  }

  /** Ends the segment; syncs and closes it in the background. */
  #retire(): void {
    if (this.#file !== null) this.#sync(this.#file, true)
    this.#file = null
  }

  /**
   * Syncs in the background, so that a slow disk does not hold up the socket. Then drops the synced
   * pages from memory.
   */
  #sync(file: number, closes: boolean): void {
    this.#unsynced = 0
    this.#lastSyncMs = performance.now()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#syncs.add(promise)
    const written = this.#offset
    fdatasync(file, (error) => {
      if (error) this.counters.failedSync = { reason: error.message, atMs: Date.now() }
      else if (!this.isReadBack) this.#dropPages?.(file, written)
      if (closes) closeSync(file)
      this.#syncs.delete(promise)
      resolve()
    })
  }

  #waited(startedMs: number): void {
    const { counters } = this
    counters.longestWriteMs = Math.max(counters.longestWriteMs, performance.now() - startedMs)
  }

  /** Gives up the segment: nothing after a failed write could be read back. */
  #fail(error: unknown): void {
    this.counters.lastError = reasonOf(error)
    this.#retire()
  }
}
