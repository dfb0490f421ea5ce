/** Reads the journal back: whole segments at a start, and what waits in it while decoding goes on. */
import { Buffer } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'

import type { JournalPosition } from '../../store/position.ts'
import { readPacket, type CapturedDatagram } from '../capture/packet.ts'
import {
  fileHeaderBytes,
  linkTypeRaw,
  packetBytesMax,
  recordHeaderBytes,
  segmentName,
} from './journal-files.ts'

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
      if (length > packetBytesMax) {
        onCut(bytes.length - at)
        return
      }
      if (at + recordHeaderBytes + length > bytes.length) break
      const packet = bytes.subarray(at + recordHeaderBytes, at + recordHeaderBytes + length)
      const datagram = readPacket(packet, linkTypeRaw)
      const receivedMs = bytes.readUInt32LE(at) * 1000 + bytes.readUInt32LE(at + 4) / 1000
      at += recordHeaderBytes + length
      if (datagram && !datagram.isCut)
        yield { datagram, receivedMs, end: { segment, offset: offset + at } }
    }
    offset += at
    rest = bytes.subarray(at)
  }
  if (rest.length > 0) onCut(rest.length)
}
