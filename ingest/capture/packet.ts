/** IP and UDP headers: extracts the datagram from a captured packet, and the reverse. */
import { formatAddress, ipv4Marker, type AddressWords } from '../../flow/address.ts'
import type { Fragments } from './fragments.ts'
import { ipOffset } from './link.ts'
import { innerIpOffset } from './tunnel.ts'

/** A captured UDP datagram. `payload` may be a view of the capture's buffer. */
export interface CapturedDatagram {
  source: AddressWords
  destination: AddressWords
  sourcePort: number
  destinationPort: number
  payload: Uint8Array
  /** The capture was truncated by its snap length; `payload` is what is left. */
  isCut: boolean
}

type DatagramEnds = Omit<CapturedDatagram, 'payload' | 'isCut'>

const udp = 17
/** IPv6 extension headers that may precede UDP: hop-by-hop, routing, destination options. */
const extensionHeaders = new Set([0, 43, 60])
const fragmentHeader = 44
/** More extension headers than in any real packet. */
const extensionHeadersMax = 8

/**
 * The UDP datagram in a captured packet, or null if there is none (other protocol, truncated). A
 * fragmented datagram is returned with its last packet, if all were passed with the same `fragments`.
 */
export function readPacket(
  packet: Uint8Array,
  linkType: number,
  fragments?: Fragments,
): CapturedDatagram | null {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength)
  const offset = ipOffset(view, linkType)
  return offset === -1 ? null : readIp({ view, fragments, tunnels: 0 }, offset)
}

/** A captured packet being read, and the number of tunnels around it. */
interface Reading {
  view: DataView
  fragments: Fragments | undefined
  tunnels: number
}

/** Most nested tunnels; more than in any real packet. */
const tunnelsMax = 4

function readIp(reading: Reading, offset: number): CapturedDatagram | null {
  const { view } = reading
  if (view.byteLength < offset + 1) return null
  return view.getUint8(offset) >> 4 === 4 ? readIPv4(reading, offset) : readIPv6(reading, offset)
}

/** The datagram in a tunnelled packet; the outer header ends at `at`. */
function readTunnelled(reading: Reading, at: number, protocol: number): CapturedDatagram | null {
  if (reading.tunnels >= tunnelsMax) return null
  const offset = innerIpOffset(reading.view, at, protocol)
  return offset === -1 ? null : readIp({ ...reading, tunnels: reading.tunnels + 1 }, offset)
}

function readIPv4(reading: Reading, offset: number): CapturedDatagram | null {
  const { view, fragments } = reading
  if (view.byteLength < offset + 20) return null
  const header = (view.getUint8(offset) & 15) * 4
  const flagsAndOffset = view.getUint16(offset + 6)
  const protocol = view.getUint8(offset + 9)
  if (header < 20) return null
  const at = offset + header
  const isWhole = (flagsAndOffset & 0x3fff) === 0
  if (protocol !== udp) return isWhole ? readTunnelled(reading, at, protocol) : null
  const ends: Ends = {
    source: [0, 0, ipv4Marker, view.getUint32(offset + 12)],
    destination: [0, 0, ipv4Marker, view.getUint32(offset + 16)],
  }
  if (isWhole) return readUdp(view, at, ends)
  return readFragment(fragments, ends, {
    id: view.getUint16(offset + 4),
    offset: (flagsAndOffset & 0x1fff) * 8,
    isLast: (flagsAndOffset & 0x2000) === 0,
    bytes: bytesOf(view, at, view.getUint16(offset + 2) - header),
  })
}

function readIPv6(reading: Reading, offset: number): CapturedDatagram | null {
  const { view, fragments } = reading
  if (view.byteLength < offset + 40 || view.getUint8(offset) >> 4 !== 6) return null
  const words = (at: number): AddressWords => [
    view.getUint32(at),
    view.getUint32(at + 4),
    view.getUint32(at + 8),
    view.getUint32(at + 12),
  ]
  let next = view.getUint8(offset + 6)
  let at = offset + 40
  for (let i = 0; extensionHeaders.has(next) && i < extensionHeadersMax; i++) {
    if (view.byteLength < at + 8) return null
    next = view.getUint8(at)
    at += 8 * (view.getUint8(at + 1) + 1)
  }
  const ends = { source: words(offset + 8), destination: words(offset + 24) }
  if (next === udp) return readUdp(view, at, ends)
  if (next !== fragmentHeader) return readTunnelled(reading, at, next)
  if (view.byteLength < at + 8 || view.getUint8(at) !== udp) return null
  const offsetAndMore = view.getUint16(at + 2)
  return readFragment(fragments, ends, {
    id: view.getUint32(at + 4),
    offset: offsetAndMore & 0xfff8,
    isLast: (offsetAndMore & 1) === 0,
    bytes: bytesOf(view, at + 8, offset + 40 + view.getUint16(offset + 4) - at - 8),
  })
}

interface Ends {
  source: AddressWords
  destination: AddressWords
}

function bytesOf(view: DataView, offset: number, length: number): Uint8Array | null {
  if (length <= 0 || view.byteLength < offset + length) return null
  return new Uint8Array(view.buffer, view.byteOffset + offset, length)
}

function readFragment(
  fragments: Fragments | undefined,
  ends: Ends,
  part: { id: number; offset: number; isLast: boolean; bytes: Uint8Array | null },
): CapturedDatagram | null {
  const { id, offset, isLast, bytes } = part
  if (!fragments || !bytes) return null
  const packet = [id, ...ends.source, ...ends.destination].join(' ')
  const whole = fragments.take({ packet, offset, isLast, bytes })
  if (!whole) return null
  return readUdp(new DataView(whole.buffer), 0, ends)
}

function readUdp(view: DataView, offset: number, ends: Ends): CapturedDatagram | null {
  if (view.byteLength < offset + 8) return null
  const length = view.getUint16(offset + 4)
  if (length < 8) return null
  const captured = Math.min(length, view.byteLength - offset)
  return {
    ...ends,
    isCut: captured < length,
    sourcePort: view.getUint16(offset),
    destinationPort: view.getUint16(offset + 2),
    payload: new Uint8Array(view.buffer, view.byteOffset + offset + 8, captured - 8),
  }
}

/** The longest headers that writeHeaders writes: IPv6 and UDP. */
export const headersBytesMax = 48

/**
 * Writes the IP and UDP headers of a datagram at `offset` and returns their length. The IPv4
 * checksum is computed; UDP's is 0 (none).
 */
export function writeHeaders(
  view: DataView,
  offset: number,
  datagram: DatagramEnds,
  payloadBytes: number,
): number {
  const isIPv4 = datagram.source[2] === ipv4Marker && datagram.source[0] === 0
  const header = isIPv4 ? 20 : 40
  if (isIPv4) writeIPv4(view, offset, datagram, payloadBytes)
  else writeIPv6(view, offset, datagram, payloadBytes)
  view.setUint16(offset + header, datagram.sourcePort)
  view.setUint16(offset + header + 2, datagram.destinationPort)
  view.setUint16(offset + header + 4, payloadBytes + 8)
  view.setUint16(offset + header + 6, 0)
  return header + 8
}

/**
 * Reads the sender from headers written by writeHeaders at `offset` into the given object.
 * @returns the offset of the payload
 */
export function readSource(
  view: DataView,
  offset: number,
  sender: { source: AddressWords; sourcePort: number },
): number {
  const isIPv4 = view.getUint8(offset) >> 4 === 4
  const header = isIPv4 ? 20 : 40
  if (isIPv4) sender.source = [0, 0, ipv4Marker, view.getUint32(offset + 12)]
  else
    sender.source = [
      view.getUint32(offset + 8),
      view.getUint32(offset + 12),
      view.getUint32(offset + 16),
      view.getUint32(offset + 20),
    ]
  sender.sourcePort = view.getUint16(offset + header)
  return offset + header + 8
}

function writeIPv4(
  view: DataView,
  offset: number,
  datagram: DatagramEnds,
  payloadBytes: number,
): void {
  view.setUint16(offset, 0x4500)
  view.setUint16(offset + 2, 28 + payloadBytes)
  view.setUint32(offset + 4, 0)
  view.setUint16(offset + 8, (64 << 8) | udp)
  view.setUint16(offset + 10, 0)
  view.setUint32(offset + 12, datagram.source[3])
  view.setUint32(offset + 16, datagram.destination[3])
  let sum = 0
  for (let i = 0; i < 20; i += 2) sum += view.getUint16(offset + i)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  view.setUint16(offset + 10, ~sum & 0xffff)
}

function writeIPv6(
  view: DataView,
  offset: number,
  datagram: DatagramEnds,
  payloadBytes: number,
): void {
  view.setUint32(offset, 0x60000000)
  view.setUint16(offset + 4, payloadBytes + 8)
  view.setUint16(offset + 6, (udp << 8) | 64)
  datagram.source.forEach((word, i) => view.setUint32(offset + 8 + 4 * i, word))
  datagram.destination.forEach((word, i) => view.setUint32(offset + 24 + 4 * i, word))
}

/** The source of a captured datagram as text. */
export function sourceText(datagram: CapturedDatagram): string {
  return formatAddress(...datagram.source)
}
