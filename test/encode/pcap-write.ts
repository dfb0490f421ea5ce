/** Captures written by tests: UDP datagrams as a pcap of raw IP packets. */
import { writeFile } from 'node:fs/promises'

import { parseAddress } from '../../flow/address.ts'
import { headersBytesMax, writeHeaders } from '../../ingest/capture/packet.ts'

const rawIp = 101

export interface SentDatagram {
  payload: Uint8Array
  /** unix ms */
  receivedMs: number
  /** How much of the packet is captured, including its headers; default: all of it. */
  capturedBytes?: number
}

/** The header of a pcap: times in microseconds, packets of a link type (1: Ethernet). */
export function pcapHeader(linkType: number): Buffer {
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(65_535, 16)
  header.writeUInt32LE(linkType, 20)
  return header
}

/** Writes datagrams of one exporter, sent to port 2055. */
export async function writeCapture(
  file: string,
  source: string,
  datagrams: readonly SentDatagram[],
): Promise<void> {
  const ends = {
    source: parseAddress(source)!,
    destination: parseAddress('127.0.0.1')!,
    sourcePort: 50_000,
    destinationPort: 2055,
  }
  const packets = datagrams.flatMap(({ payload, receivedMs, capturedBytes }) => {
    const front = new Uint8Array(headersBytesMax)
    const length = writeHeaders(new DataView(front.buffer), 0, ends, payload.length)
    const record = Buffer.alloc(16)
    record.writeUInt32LE(Math.floor(receivedMs / 1000), 0)
    record.writeUInt32LE((receivedMs % 1000) * 1000, 4)
    const packet = Buffer.concat([front.subarray(0, length), payload]).subarray(0, capturedBytes)
    record.writeUInt32LE(packet.length, 8)
    record.writeUInt32LE(length + payload.length, 12)
    return [record, packet]
  })
  await writeFile(file, Buffer.concat([pcapHeader(rawIp), ...packets]))
}
