/** Reads the UDP datagrams of a pcap (.gz too), for tests: Ethernet or raw IP. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

interface CapturedDatagram {
  payload: Uint8Array
  source: string
  sourcePort: number
  destinationPort: number
  receivedMs: number
}

const linkBytes: Record<number, number> = { 1: 14, 101: 0, 12: 0, 228: 0 }

/** All UDP datagrams over IPv4 or IPv6 of a capture, in order. */
export function readCapture(file: string): CapturedDatagram[] {
  const raw = readFileSync(file)
  const bytes = file.endsWith('.gz') ? gunzipSync(raw) : raw
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const magic = view.getUint32(0)
  const isLittle = magic === 0xd4c3b2a1 || magic === 0x4d3cb2a1
  const isNano = magic === 0x4d3cb2a1 || magic === 0xa1b23c4d
  const link = linkBytes[view.getUint32(20, isLittle)]
  if (link === undefined) throw new Error(`${file}: link type is not one that tests read`)
  const datagrams: CapturedDatagram[] = []
  for (let at = 24; at + 16 <= bytes.length;) {
    const fraction = view.getUint32(at + 4, isLittle)
    const receivedMs =
      view.getUint32(at, isLittle) * 1000 + Math.floor(fraction / (isNano ? 1_000_000 : 1000))
    const captured = view.getUint32(at + 8, isLittle)
    const packet = bytes.subarray(at + 16 + link, at + 16 + captured)
    const datagram = readUdp(packet)
    if (datagram) datagrams.push({ ...datagram, receivedMs })
    at += 16 + captured
  }
  return datagrams
}

function readUdp(packet: Buffer): Omit<CapturedDatagram, 'receivedMs'> | null {
  const isIPv6 = packet[0]! >>> 4 === 6
  const at = isIPv6 ? 40 : (packet[0]! & 15) * 4
  if (packet[isIPv6 ? 6 : 9] !== 17) return null
  const length = packet.readUInt16BE(at + 4)
  return {
    payload: packet.subarray(at + 8, at + length),
    source: isIPv6 ? ipv6Text(packet.subarray(8, 24)) : packet.subarray(12, 16).join('.'),
    sourcePort: packet.readUInt16BE(at),
    destinationPort: packet.readUInt16BE(at + 2),
  }
}

function ipv6Text(bytes: Buffer): string {
  const parts = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16))
  return parts.join(':')
}
