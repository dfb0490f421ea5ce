/** Reads the journal back: whole segments at start, and waiting datagrams during operation. */
import { Buffer } from 'node:buffer'
import { closeSync, createReadStream, openSync, readSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'

import type { JournalPosition } from '../../store/position.ts'
import { readPacket, readSource, type CapturedDatagram } from '../capture/packet.ts'
import { batchBytes, type DatagramInBatch } from './batch.ts'
import {
  fileHeaderBytes,
  linkTypeRaw,
  packetBytesMax,
  recordHeaderBytes,
  segmentName,
} from './journal-files.ts'
import { isIntact, packetLengthAt, recordBytesMin } from './journal-record.ts'

/** A datagram in the journal, with its position. */
interface JournalledDatagram {
  datagram: CapturedDatagram
  receivedMs: number
  /** The position after it. */
  end: JournalPosition
}

/**
 * Called with a number of bytes that could not be read: cut off at the end of a segment by a crash,
 * or damaged before it.
 */
export type OnLost = (bytes: number, how: 'cut' | 'damaged') => void

/** The intact datagrams of a segment in order. What is damaged is left out, up to the next record. */
export async function* readSegment(
  folder: string,
  segment: number,
  onLost: OnLost,
): AsyncGenerator<JournalledDatagram> {
  let rest: Buffer = Buffer.alloc(0)
  let offset = fileHeaderBytes
  // Whether these bytes are damaged or the end is cut off shows once another record follows, or none.
  let lost = 0
  for await (const chunk of chunksOf(join(folder, segmentName(segment)), onLost)) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    let at = 0
    while (at + recordBytesMin <= bytes.length) {
      const length = packetLengthAt(view, at)
      const packet = at + recordHeaderBytes
      if (length !== null && packet + length > bytes.length) break
      if (length === null || !isIntact(view, at, length)) {
        const skipped = length === null ? 1 : recordHeaderBytes + length
        lost += skipped
        at += skipped
        continue
      }
      if (lost > 0) onLost(lost, 'damaged')
      lost = 0
      const datagram = readPacket(bytes.subarray(packet, packet + length), linkTypeRaw)
      const receivedMs = bytes.readUInt32LE(at) * 1000 + bytes.readUInt32LE(at + 4) / 1000
      at = packet + length
      if (datagram) yield { datagram, receivedMs, end: { segment, offset: offset + at } }
    }
    offset += at
    rest = bytes.subarray(at)
  }
  lost += rest.length
  if (lost > 0) onLost(lost, 'cut')
}

/** The bytes after a segment's header, up to where the disk fails: one bad sector must not end every start. */
async function* chunksOf(path: string, onLost: OnLost): AsyncGenerator<Buffer> {
  let offset = fileHeaderBytes
  try {
    const stream = createReadStream(path, { start: offset, highWaterMark: 1 << 20 })
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      offset += chunk.length
      yield chunk
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EIO') throw error
    onLost(Math.max(0, (await stat(path)).size - offset), 'damaged')
  }
}

/** The longest stretch, which is read at once. */
const stretchBytesMax = batchBytes + recordHeaderBytes + packetBytesMax

/**
 * Reads stretches of the journal while it is being written. It keeps the last segment open, so that
 * the journal may delete it meanwhile.
 */
export class StretchReader {
  readonly #folder: string
  readonly #bytes = new Uint8Array(stretchBytesMax)
  readonly #view = new DataView(this.#bytes.buffer)
  #open: { segment: number; descriptor: number } | null = null

  constructor(folder: string) {
    this.#folder = folder
  }

  /**
   * Calls `visit` with each datagram between an offset and a later position in the same segment,
   * with one reused object.
   * @returns the number read, which is lower than the number appended if the disk refused to write
   * or read some
   */
  forEach(
    from: number,
    { segment, offset: to }: JournalPosition,
    visit: (datagram: DatagramInBatch) => void,
  ): number {
    const view = this.#view
    const end = this.#read(segment, from, to)
    const datagram: DatagramInBatch = {
      view,
      offset: 0,
      length: 0,
      source: [0, 0, 0, 0],
      sourcePort: 0,
      receivedMs: 0,
    }
    let count = 0
    let at = 0
    while (at + recordHeaderBytes <= end) {
      const packet = at + recordHeaderBytes
      const next = packet + view.getUint32(at + 8, true)
      if (next > end) break
      datagram.receivedMs = view.getUint32(at, true) * 1000 + view.getUint32(at + 4, true) / 1000
      datagram.offset = readSource(view, packet, datagram)
      datagram.length = next - datagram.offset
      visit(datagram)
      count++
      at = next
    }
    return count
  }

  /** Closes the open segment. */
  close(): void {
    if (this.#open) closeSync(this.#open.descriptor)
    this.#open = null
  }

  /** Reads the bytes between two offsets and returns their number, 0 if the disk refuses. */
  #read(segment: number, from: number, to: number): number {
    try {
      if (this.#open?.segment !== segment) {
        this.close()
        const path = join(this.#folder, segmentName(segment))
        this.#open = { segment, descriptor: openSync(path, 'r') }
      }
      return readSync(this.#open.descriptor, this.#bytes, 0, to - from, from)
    } catch {
      // The caller knows how many datagrams there were, and counts the loss.
      return 0
    }
  }
}
