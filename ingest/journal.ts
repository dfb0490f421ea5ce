/**
 * The journal: every datagram as it was received, appended to pcap segments (raw IP), so that a
 * start after a crash is a replay. A segment's sidecar holds the decoder's state at its start.
 *
 * Appending copies into a buffer; writing and syncing go on beside, in order, at most once a second
 * or each 16 MiB.
 */
import { Buffer } from 'node:buffer'
import { createReadStream } from 'node:fs'
import {
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
  type FileHandle,
} from 'node:fs/promises'
import { join } from 'node:path'

import type { JournalPosition } from '../store/position.ts'
import {
  headersBytesMax,
  readPacket,
  writeHeaders,
  type CapturedDatagram,
} from './capture/packet.ts'

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
const flushEveryMs = 100
/** How often a new segment is tried on a disk that refuses. */
const retryEveryMs = 1000
const bufferBytes = 4 << 20
/** Buffers waiting for the disk before datagrams go unjournalled (they are still counted). */
const buffersMax = 16
const fileHeaderBytes = 24
const recordHeaderBytes = 16
const datagramBytesMax = 65_535
/** LINKTYPE_RAW: packets start with their IP header. */
const linkTypeRaw = 101

export class Journal {
  readonly counters: JournalCounters = { datagrams: 0, bytes: 0, dropped: 0, lastError: null }
  readonly #folder: string
  #file: FileHandle | null = null
  #segment: number
  /** Offset at which the next datagram will stand, buffered ones included. */
  #offset = 0
  #buffer: Buffer = Buffer.allocUnsafe(bufferBytes)
  #view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset, bufferBytes)
  #used = 0
  /** Datagrams in the buffer. */
  #buffered = 0
  #free: Buffer[] = []
  #waiting = 0
  #unsynced = 0
  #lastSyncMs = 0
  /** The last segment to which a write failed: what followed in it could not be read back. */
  #brokenSegment = 0
  #rotatedMs = 0
  /** Everything that touches the file goes through this chain, in order. */
  #work: Promise<void> = Promise.resolve()
  readonly #timer: NodeJS.Timeout

  private constructor(folder: string, segment: number) {
    this.#folder = folder
    this.#segment = segment
    this.#timer = setInterval(() => this.#flush(), flushEveryMs)
  }

  /** Opens a new segment after those that are there. `state` goes into its sidecar. */
  static async open(folder: string, state: unknown): Promise<Journal> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const last = (await segments(folder)).at(-1) ?? 0
    const journal = new Journal(folder, last)
    journal.rotate(state)
    await journal.#work
    if (!journal.#file) throw new Error(`journal: ${folder}: ${journal.counters.lastError}`)
    return journal
  }

  /** Where the next datagram will stand. */
  get position(): JournalPosition {
    return { segment: this.#segment, offset: this.#offset }
  }

  /** Whether the caller should rotate: the segment has reached its size, or a write to it failed. */
  get isFull(): boolean {
    const isBroken = this.#brokenSegment === this.#segment
    const mayRetry = isBroken && performance.now() - this.#rotatedMs > retryEveryMs
    return this.#offset >= segmentBytesMax || mayRetry
  }

  /** Appends a datagram; never waits. One that finds no buffer free is dropped from the journal and counted. */
  append(datagram: CapturedDatagram, receivedMs: number): void {
    const payload = datagram.payload
    const room = recordHeaderBytes + headersBytesMax + payload.length
    if (
      this.#brokenSegment === this.#segment ||
      (this.#used + room > bufferBytes && !this.#flush())
    ) {
      this.counters.dropped++
      return
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
  }

  /** Starts a new segment; `state` is the decoder's state as of the last datagram appended. */
  rotate(state: unknown): void {
    this.#flush()
    const segment = ++this.#segment
    this.#offset = fileHeaderBytes
    this.#rotatedMs = performance.now()
    this.#chain(async () => {
      await this.#endSegment()
      const sidecar = join(this.#folder, sidecarName(segment))
      await writeFile(`${sidecar}.part`, JSON.stringify(state), { mode: 0o600, flush: true })
      await rename(`${sidecar}.part`, sidecar)
      this.#file = await open(join(this.#folder, segmentName(segment)), 'wx', 0o600)
      await this.#file.write(fileHeader())
    })
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
    this.#flush()
    this.#chain(() => this.#endSegment())
    await this.#work
  }

  /** Closes the segment whatever the disk says; what it says is kept. */
  async #endSegment(): Promise<void> {
    const file = this.#file
    try {
      await this.#sync()
    } catch (error) {
      this.counters.lastError = error instanceof Error ? error.message : String(error)
    } finally {
      this.#file = null
      await file?.close()
    }
  }

  /** Hands the buffer to the disk; false where no other is free. */
  #flush(): boolean {
    if (this.#used > 0) {
      if (this.#waiting >= buffersMax) return false
      const full = this.#buffer
      const used = this.#used
      const datagrams = this.#buffered
      const segment = this.#segment
      this.#buffered = 0
      this.#buffer = this.#free.pop() ?? Buffer.allocUnsafe(bufferBytes)
      this.#view = new DataView(this.#buffer.buffer, this.#buffer.byteOffset, bufferBytes)
      this.#used = 0
      this.#waiting++
      this.#chain(async () => {
        try {
          await this.#write(full.subarray(0, used), segment, datagrams)
        } finally {
          this.#waiting--
          if (this.#free.length < 2) this.#free.push(full)
        }
      })
    }
    if (this.#unsynced > 0 && performance.now() - this.#lastSyncMs >= syncEveryMs)
      this.#chain(() => this.#sync())
    return true
  }

  async #write(bytes: Buffer, segment: number, datagrams: number): Promise<void> {
    const { length } = bytes
    try {
      if (this.#brokenSegment === segment)
        throw new Error(this.counters.lastError ?? 'the segment is broken')
      if (!this.#file) throw new Error('no segment is open')
      const { bytesWritten } = await this.#file.write(bytes)
      if (bytesWritten < length) throw new Error('the disk took only a part')
    } catch (error) {
      this.#brokenSegment = segment
      this.counters.dropped += datagrams
      throw error
    }
    this.counters.bytes += length
    this.#unsynced += length
    if (this.#unsynced >= syncEveryBytes) await this.#sync()
  }

  async #sync(): Promise<void> {
    this.#lastSyncMs = performance.now()
    if (!this.#file || this.#unsynced === 0) return
    this.#unsynced = 0
    await this.#file.datasync()
  }

  /** A failure of the disk is counted and shown; the next write tries again. */
  #chain(step: () => Promise<void>): void {
    this.#work = this.#work.then(step).catch((error: unknown) => {
      this.counters.lastError = error instanceof Error ? error.message : String(error)
    })
  }
}

/** The decoder's state at the start of the journal, or undefined where it has none that can be read. */
export async function readSidecar(folder: string, segment: number): Promise<unknown> {
  try {
    return JSON.parse(await readFile(join(folder, sidecarName(segment)), 'utf8')) as unknown
  } catch {
    return undefined
  }
}

/** The numbers of the segments in the folder, ascending. */
export async function segments(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch(() => [])
  return names
    .filter((name) => /^\d{12}\.pcap$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .sort((a, b) => a - b)
}

/** A datagram as the journal held it, and where. */
export interface JournalledDatagram {
  datagram: CapturedDatagram
  receivedMs: number
  /** The place after it. */
  end: JournalPosition
}

/**
 * The datagrams of a segment in order. A record that a crash cut off ends the segment; `onCut` is
 * told how many bytes were left.
 */
export async function* readSegment(
  folder: string,
  segment: number,
  onCut: (bytes: number) => void,
): AsyncGenerator<JournalledDatagram> {
  const stream = createReadStream(join(folder, segmentName(segment)), {
    start: fileHeaderBytes,
    highWaterMark: 1 << 20,
  })
  let rest: Buffer = Buffer.alloc(0)
  let offset = fileHeaderBytes
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let at = 0
    while (at + recordHeaderBytes <= bytes.length) {
      const length = bytes.readUInt32LE(at + 8)
      if (length > datagramBytesMax + headersBytesMax) {
        onCut(bytes.length - at)
        return
      }
      if (at + recordHeaderBytes + length > bytes.length) break
      const packet = bytes.subarray(at + recordHeaderBytes, at + recordHeaderBytes + length)
      const datagram = readPacket(packet, linkTypeRaw)
      const receivedMs = bytes.readUInt32LE(at) * 1000 + bytes.readUInt32LE(at + 4) / 1000
      at += recordHeaderBytes + length
      if (datagram) yield { datagram, receivedMs, end: { segment, offset: offset + at } }
    }
    offset += at
    rest = bytes.subarray(at)
  }
  if (rest.length > 0) onCut(rest.length)
}

function segmentName(segment: number): string {
  return `${String(segment).padStart(12, '0')}.pcap`
}

function sidecarName(segment: number): string {
  return `${String(segment).padStart(12, '0')}.json`
}

function fileHeader(): Buffer {
  const header = Buffer.alloc(fileHeaderBytes)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(datagramBytesMax + headersBytesMax, 16)
  header.writeUInt32LE(linkTypeRaw, 20)
  return header
}
