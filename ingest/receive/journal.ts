/**
 * The journal: every datagram as it was received, appended to pcap segments (raw IP), so that a
 * start after a crash is a replay. A segment's sidecar holds the decoder's state at its start; it
 * comes a moment later than the segment, when all before it is decoded.
 *
 * Appending copies into a buffer, which is given to the kernel at the end of the event loop's turn,
 * so that what is lost with the process is what came in that very turn; syncing goes on beside, once a
 * second or each 16 MiB.
 */
import { Buffer } from 'node:buffer'
import { closeSync, fdatasync, openSync, statfsSync, writeSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { reasonOf } from '../../flow/reason.ts'
import type { JournalPosition } from '../../store/position.ts'
import { headersBytesMax, writeHeaders, type CapturedDatagram } from '../capture/packet.ts'
import {
  fileHeader,
  fileHeaderBytes,
  recordHeaderBytes,
  segmentName,
  segments,
  sidecarName,
} from './journal-files.ts'
import { openLetGo, type LetGo } from './page-cache.ts'

export interface JournalCounters {
  datagrams: number
  bytes: number
  /** Datagrams that could not be journalled, because the disk did not keep up or refused. */
  dropped: number
  lastError: string | null
}

const segmentBytesMax = 256 << 20
const syncEveryBytes = 16 << 20
const syncEveryMs = 1000
/** How often it is asked whether a sync is due. */
const syncCheckMs = 100
/** How often a new segment is tried on a disk that refuses. */
const retryEveryMs = 1000
const bufferBytes = 4 << 20

export class Journal {
  readonly counters: JournalCounters = { datagrams: 0, bytes: 0, dropped: 0, lastError: null }
  /** Whether what is written is to be read back soon, and had better stay in the kernel's memory. */
  isReadBack = false
  readonly #folder: string
  /** Descriptor of the segment; null where the disk refused it. */
  #file: number | null = null
  #segment: number
  /** Offset at which the next datagram will stand, buffered ones included. */
  #offset = 0
  readonly #buffer: Buffer = Buffer.allocUnsafe(bufferBytes)
  readonly #view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset, bufferBytes)
  #used = 0
  /** Datagrams in the buffer. */
  #buffered = 0
  #unsynced = 0
  readonly #letGo: LetGo | null
  #lastSyncMs = 0
  #rotatedMs = 0
  /** Syncs that are going on; closing waits for them. */
  readonly #syncs = new Set<Promise<void>>()
  readonly #timer: NodeJS.Timeout
  /** The flush at the end of this turn, where one is due. */
  #flushing: NodeJS.Immediate | null = null

  private constructor(folder: string, segment: number, letGo: LetGo | null) {
    this.#folder = folder
    this.#letGo = letGo
    this.#segment = segment
    this.#timer = setInterval(() => this.flush(), syncCheckMs)
  }

  /** Opens a new segment after those that are there. */
  static async open(folder: string): Promise<Journal> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const last = (await segments(folder)).at(-1) ?? 0
    const journal = new Journal(folder, last, await openLetGo())
    journal.rotate()
    if (journal.#file === null) throw new Error(`journal: ${folder}: ${journal.counters.lastError}`)
    return journal
  }

  /** Where the next datagram will stand. */
  get position(): JournalPosition {
    return { segment: this.#segment, offset: this.#offset }
  }

  /** Room that the disk has left, as the system says it; as much as there can be where it does not. */
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
    const mayRetry = this.#file === null && performance.now() - this.#rotatedMs > retryEveryMs
    return this.#offset >= segmentBytesMax || mayRetry
  }

  /** Appends a datagram; false where the segment can take no more: then it is dropped from the journal and counted. */
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
    this.#used += recordHeaderBytes + length
    this.#offset += recordHeaderBytes + length
    this.counters.datagrams++
    this.#buffered++
    this.#flushing ??= setImmediate(() => this.flush())
    return true
  }

  /** Starts a new segment. */
  rotate(): void {
    this.flush()
    this.#retire()
    const segment = ++this.#segment
    this.#offset = fileHeaderBytes
    this.#rotatedMs = performance.now()
    try {
      this.#file = openSync(join(this.#folder, segmentName(segment)), 'wx', 0o600)
      writeSync(this.#file, fileHeader())
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Deletes the segments that lie wholly before a position. */
  async release(covered: JournalPosition): Promise<void> {
    for (const segment of await segments(this.#folder)) {
      if (segment >= covered.segment || segment >= this.#segment) continue
      await rm(join(this.#folder, segmentName(segment)), { force: true })
      await rm(join(this.#folder, sidecarName(segment)), { force: true })
    }
  }

  /** Writes and syncs what is buffered, then closes. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.flush()
    this.#retire()
    await Promise.all(this.#syncs)
  }

  /**
   * Writes the buffer, at once and not beside: a queue before the disk would be lost with the
   * process, and what the kernel has taken is not. At the end of a turn it is called by itself, unless that was done.
   */
  flush(): void {
    if (this.#flushing) clearImmediate(this.#flushing)
    this.#flushing = null
    const used = this.#used
    const datagrams = this.#buffered
    this.#used = 0
    this.#buffered = 0
    if (used > 0 && this.#file !== null) {
      try {
        if (writeSync(this.#file, this.#buffer, 0, used) < used)
          throw new Error('the disk took only a part')
        this.counters.bytes += used
        this.#unsynced += used
      } catch (error) {
        this.counters.dropped += datagrams
        this.#fail(error)
      }
    }
    const isDue = performance.now() - this.#lastSyncMs >= syncEveryMs
    if (this.#file !== null && (this.#unsynced >= syncEveryBytes || (isDue && this.#unsynced > 0)))
      this.#sync(this.#file, false)
  }

  /** Ends the segment: synced and closed beside. */
  #retire(): void {
    if (this.#file !== null) this.#sync(this.#file, true)
    this.#file = null
  }

  /** Syncs beside, so that a slow disk does not hold up the socket; what is on the disk need not be in memory too. */
  #sync(file: number, closes: boolean): void {
    this.#unsynced = 0
    this.#lastSyncMs = performance.now()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#syncs.add(promise)
    const written = this.#offset
    fdatasync(file, (error) => {
      if (error) this.counters.lastError = error.message
      else if (!this.isReadBack) this.#letGo?.(file, written)
      if (closes) closeSync(file)
      this.#syncs.delete(promise)
      resolve()
    })
  }

  /** Gives the segment up: what followed a failed write in it could not be read back. */
  #fail(error: unknown): void {
    this.counters.lastError = reasonOf(error)
    this.#retire()
  }
}
