/**
 * A record of the journal: pcap's record header and a packet. Every bit of it is checked when it is
 * read back: the lengths against each other, the packet by its own checksums, and the time by the
 * packet's identification.
 */
import { packetBytesMax, recordHeaderBytes } from './journal-files.ts'

/** The shortest record: a datagram without contents, over IPv4. */
export const recordBytesMin = recordHeaderBytes + 28
const timeBytes = 8
const udp = 17
const udpHeaderBytes = 8

/** Offsets in a packet that writeHeaders has begun. */
interface Layout {
  /** The identification (IPv4), or the lower part of the flow label (IPv6). */
  identification: number
  addresses: number
  udp: number
  udpChecksum: number
}
const ipv4: Layout = { identification: 4, addresses: 12, udp: 20, udpChecksum: 26 }
const ipv6: Layout = { identification: 2, addresses: 8, udp: 40, udpChecksum: 46 }
const ipv4Checksum = 10

/**
 * The length of the packet whose record begins at `at`, in a view with at least recordBytesMin from
 * there; null if no record begins there.
 */
export function packetLengthAt(view: DataView, at: number): number | null {
  const length = view.getUint32(at + 8, true)
  if (length !== view.getUint32(at + 12, true) || length > packetBytesMax) return null
  const packet = at + recordHeaderBytes
  const isOurs =
    view.getUint16(packet) === 0x4500
      ? length >= ipv4.udp + udpHeaderBytes &&
        view.getUint16(packet + 2) === length &&
        view.getUint8(packet + 9) === udp &&
        folded(sumOf(view, packet, packet + ipv4.udp)) === 0xffff
      : length >= ipv6.udp + udpHeaderBytes &&
        view.getUint16(packet) === 0x6000 &&
        view.getUint16(packet + 4) === length - ipv6.udp &&
        view.getUint16(packet + 6) === ((udp << 8) | 64)
  return isOurs ? length : null
}

/** Writes the checksums of a record whose other bytes are complete. */
export function seal(view: DataView, at: number, length: number): void {
  const packet = at + recordHeaderBytes
  const { identification, udpChecksum } = layoutOf(view, packet)
  const time = written(sumOf(view, at, at + timeBytes))
  view.setUint16(packet + identification, time)
  if (identification === ipv4.identification) {
    const before = 0xffff - view.getUint16(packet + ipv4Checksum)
    view.setUint16(packet + ipv4Checksum, 0xffff - folded(before + time))
  }
  view.setUint16(packet + udpChecksum, written(0xffff - udpSum(view, packet, length)))
}

/** Whether a record is as it was written. Records of older versions of Weir have no checksums, and are taken to be. */
export function isIntact(view: DataView, at: number, length: number): boolean {
  const packet = at + recordHeaderBytes
  const { identification, udpChecksum } = layoutOf(view, packet)
  const time = view.getUint16(packet + identification)
  if (view.getUint16(packet + udpChecksum) === 0) return time === 0
  return (
    time === written(sumOf(view, at, at + timeBytes)) && udpSum(view, packet, length) === 0xffff
  )
}

/** 0 means that there is no checksum (RFC 768), so it is written as its other form. */
function written(sum: number): number {
  return folded(sum) || 0xffff
}

/** The one's complement sum over addresses, protocol, length, and the UDP packet with its checksum. */
function udpSum(view: DataView, packet: number, length: number): number {
  const layout = layoutOf(view, packet)
  // Addresses end the IP header, so they and the UDP packet are read in one go.
  const sum = sumOf(view, packet + layout.addresses, packet + length)
  return folded(sum + udp + length - layout.udp)
}

function layoutOf(view: DataView, packet: number): Layout {
  return view.getUint8(packet) >> 4 === 4 ? ipv4 : ipv6
}

/** The sum of the 16-bit words in [from, to); a last single byte is the upper half of a word. */
function sumOf(view: DataView, from: number, to: number): number {
  let [upper, lower, at] = [0, 0, from]
  for (; at + 4 <= to; at += 4) {
    const word = view.getUint32(at)
    upper += word >>> 16
    lower += word & 0xffff
  }
  if (at + 2 <= to) upper += view.getUint16(at)
  if ((to - from) % 2 === 1) upper += view.getUint8(to - 1) << 8
  return upper + lower
}

function folded(sum: number): number {
  let left = sum
  while (left > 0xffff) left = (left & 0xffff) + Math.floor(left / 0x10000)
  return left
}
