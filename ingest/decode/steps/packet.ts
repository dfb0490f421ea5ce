/**
 * Reads the start of a packet as cut out by an exporter (IPFIX elements 313 and 315, sFlow's
 * sampled header) into a row: link layer, VLAN tags, MPLS labels, IP, ports.
 */
import { ipv4Marker } from '../../../flow/address.ts'
import type { FlowColumns } from '../../../flow/columns.ts'

const etherTypes = {
  ipv4: 0x0800,
  vlan: 0x8100,
  ipv6: 0x86dd,
  mpls: 0x8847,
  mplsUpstream: 0x8848,
  pppoe: 0x8864,
  serviceVlan: 0x88a8,
  oldServiceVlan: 0x9100,
}
/** What stands for an ethertype up to here is a length (IEEE 802.3); LLC follows, and with SNAP the ethertype. */
const frameLengthMax = 1500
/** LLC's and SNAP's bytes up to the ethertype: 0xaaaa03, and an organization code of 0 (RFC 1042). */
const snap = { upper: 0xaaaa_0300, lower: 0, bytes: 6 }
/** PPP's protocol numbers, and the address and control bytes that may come before (RFC 1662). */
const ppp = { ipv4: 0x21, ipv6: 0x57, mpls: 0x281, addressAndControl: 0xff03 }
const protocols = { icmp: 1, tcp: 6, udp: 17, dccp: 33, icmp6: 58, sctp: 132 }
/** IPv6 extension headers with a length in units of 8 bytes (RFC 8200), and the fragment header. */
const extensionHeaders: ReadonlySet<number> = new Set([0, 43, 60, 135])
const fragmentHeader = 44

/** Most frames within frames (pseudowires): more than in any real packet. */
const framesMax = 4

/** The bytes of a packet: [offset, end) of a view. */
interface PacketBytes {
  view: DataView
  offset: number
  end: number
  /** Where the packet would end if it had not been cut; 0 if that is not known. */
  wholeEnd: number
  /** The number of frames around it. */
  frames: number
}

/**
 * Reads an Ethernet frame into row i and returns the IP packet's length from its header, or 0 if
 * there is none.
 */
export function readFrame(flows: FlowColumns, i: number, bytes: PacketBytes): number {
  const { view, end, wholeEnd, frames } = bytes
  let { offset } = bytes
  if (offset + 14 > end || frames > framesMax) return 0
  const mac = (at: number) => view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2)
  flows.destinationMacAddress[i] = mac(offset)
  flows.sourceMacAddress[i] = mac(offset + 6)
  let type = view.getUint16(offset + 12)
  offset += 14
  while (
    (type === etherTypes.vlan ||
      type === etherTypes.serviceVlan ||
      type === etherTypes.oldServiceVlan) &&
    offset + 4 <= end
  ) {
    if (flows.vlanId[i] === 0) flows.vlanId[i] = view.getUint16(offset) & 0xfff
    type = view.getUint16(offset + 2)
    offset += 4
  }
  if (type <= frameLengthMax && hasSnap(view, offset, end)) {
    type = view.getUint16(offset + snap.bytes)
    offset += snap.bytes + 2
  }
  return readNetworkLayer(flows, i, type, { view, offset, end, wholeEnd, frames: frames + 1 })
}

function hasSnap(view: DataView, offset: number, end: number): boolean {
  return (
    offset + snap.bytes + 2 <= end &&
    view.getUint32(offset) === snap.upper &&
    view.getUint16(offset + 4) === snap.lower
  )
}

function readNetworkLayer(flows: FlowColumns, i: number, type: number, bytes: PacketBytes): number {
  if (type === etherTypes.mpls || type === etherTypes.mplsUpstream) return readMpls(flows, i, bytes)
  if (type === etherTypes.pppoe) return readPpp(flows, i, { ...bytes, offset: bytes.offset + 6 })
  return type === etherTypes.ipv4 || type === etherTypes.ipv6 ? readIp(flows, i, bytes) : 0
}

/** Reads a PPP frame into row i; returns the IP packet's length, or 0 if there is none. */
export function readPpp(flows: FlowColumns, i: number, bytes: PacketBytes): number {
  const { view, end, wholeEnd, frames } = bytes
  let { offset } = bytes
  if (offset + 2 <= end && view.getUint16(offset) === ppp.addressAndControl) offset += 2
  if (offset + 2 > end) return 0
  const protocol = view.getUint16(offset)
  const packet = { view, offset: offset + 2, end, wholeEnd, frames }
  if (protocol === ppp.mpls) return readMpls(flows, i, packet)
  return protocol === ppp.ipv4 || protocol === ppp.ipv6 ? readIp(flows, i, packet) : 0
}

/**
 * Reads labels to the bottom of the stack, then IP by its first nibble; 0 there is a pseudowire's
 * control word.
 */
export function readMpls(flows: FlowColumns, i: number, bytes: PacketBytes): number {
  const { view, end, wholeEnd, frames } = bytes
  let { offset } = bytes
  let isBottom = false
  while (!isBottom && offset + 4 <= end) {
    const entry = view.getUint32(offset)
    if (flows.mplsTopLabel[i] === 0) flows.mplsTopLabel[i] = entry >>> 12
    isBottom = (entry & 0x100) !== 0
    offset += 4
  }
  if (!isBottom || offset >= end) return 0
  const nibble = view.getUint8(offset) >>> 4
  if (nibble === 0) return readFrame(flows, i, { view, offset: offset + 4, end, wholeEnd, frames })
  return readIp(flows, i, { view, offset, end, wholeEnd, frames })
}

/** Reads an IP packet of either version into row i; returns its length, or 0 if it is not one. */
export function readIp(flows: FlowColumns, i: number, bytes: PacketBytes): number {
  if (bytes.offset >= bytes.end) return 0
  const version = bytes.view.getUint8(bytes.offset) >>> 4
  if (version === 4) return readIpv4(flows, i, bytes)
  return version === 6 ? readIpv6(flows, i, bytes) : 0
}

function readIpv4(flows: FlowColumns, i: number, bytes: PacketBytes): number {
  const { view, offset, end } = bytes
  if (offset + 20 > end) return 0
  const headerBytes = (view.getUint8(offset) & 0xf) * 4
  flows.ipClassOfService[i] = view.getUint8(offset + 1)
  const protocol = view.getUint8(offset + 9)
  flows.protocolIdentifier[i] = protocol
  flows.sourceAddressLow[2 * i] = view.getUint32(offset + 12)
  flows.sourceAddressLow[2 * i + 1] = ipv4Marker
  flows.destinationAddressLow[2 * i] = view.getUint32(offset + 16)
  flows.destinationAddressLow[2 * i + 1] = ipv4Marker
  const isFirstFragment = (view.getUint16(offset + 6) & 0x1fff) === 0
  if (isFirstFragment && headerBytes >= 20)
    readTransport(flows, i, protocol, { view, offset: offset + headerBytes, end })
  return view.getUint16(offset + 2) || untilWholeEnd(bytes)
}

/** A length of 0 is that of a packet that the network card has yet to cut up, or of 64 KiB and more (RFC 2675). */
function untilWholeEnd({ offset, wholeEnd }: PacketBytes): number {
  return Math.max(0, wholeEnd - offset)
}

function readIpv6(flows: FlowColumns, i: number, bytes: PacketBytes): number {
  const { view, offset, end } = bytes
  if (offset + 40 > end) return 0
  flows.ipClassOfService[i] = (view.getUint16(offset) >>> 4) & 0xff
  for (const [high, low, at] of [
    [flows.sourceAddressHigh, flows.sourceAddressLow, offset + 8],
    [flows.destinationAddressHigh, flows.destinationAddressLow, offset + 24],
  ] as const) {
    high[2 * i + 1] = view.getUint32(at)
    high[2 * i] = view.getUint32(at + 4)
    low[2 * i + 1] = view.getUint32(at + 8)
    low[2 * i] = view.getUint32(at + 12)
  }
  let next = view.getUint8(offset + 6)
  let at = offset + 40
  let isFirstFragment = true
  while ((extensionHeaders.has(next) || next === fragmentHeader) && at + 8 <= end) {
    const isFragment = next === fragmentHeader
    if (isFragment) isFirstFragment = (view.getUint16(at + 2) & 0xfff8) === 0
    next = view.getUint8(at)
    at += isFragment ? 8 : 8 * (view.getUint8(at + 1) + 1)
  }
  flows.protocolIdentifier[i] = next
  if (isFirstFragment) readTransport(flows, i, next, { view, offset: at, end })
  const payload = view.getUint16(offset + 4)
  return payload === 0 ? untilWholeEnd(bytes) : payload + 40
}

function readTransport(
  flows: FlowColumns,
  i: number,
  protocol: number,
  { view, offset, end }: Pick<PacketBytes, 'view' | 'offset' | 'end'>,
): void {
  if (offset + 4 > end) return
  if (protocol === protocols.icmp || protocol === protocols.icmp6) {
    flows.icmpTypeCode[i] = view.getUint16(offset)
    return
  }
  const { tcp, udp, dccp, sctp } = protocols
  if (protocol !== tcp && protocol !== udp && protocol !== dccp && protocol !== sctp) return
  flows.sourceTransportPort[i] = view.getUint16(offset)
  flows.destinationTransportPort[i] = view.getUint16(offset + 2)
  if (protocol === tcp && offset + 14 <= end)
    flows.tcpControlBits[i] = view.getUint16(offset + 12) & 0x1ff
}
