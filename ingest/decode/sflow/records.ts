/**
 * The records of an sFlow flow sample: the start of a packet, or what the exporter parsed from it.
 */
import type { DatagramContext } from '../context.ts'
import { readAddress } from '../steps/addresses.ts'
import { readFrame, readIp, readMpls, readPpp } from '../steps/packet.ts'
import type { RecordBytes } from '../records.ts'

/** Reads a record into a row. Returns whether it describes a packet, not only its route. */
type RecordReader = (context: DatagramContext, row: number, bytes: RecordBytes) => boolean

/** Shortest length of a record, and its reader, by format (enterprise 0). */
const readers: Readonly<Record<number, { bytes: number; read: RecordReader } | undefined>> = {
  1: { bytes: 16, read: readHeader },
  2: { bytes: 20, read: readEthernet },
  3: { bytes: 32, read: readIpv4 },
  4: { bytes: 56, read: readIpv6 },
  1001: { bytes: 16, read: readSwitch },
  1002: { bytes: 16, read: readRouter },
  1003: { bytes: 20, read: readGateway },
}

/** A record of an Ethernet header as the standard has it: a length, two addresses and a type. */
const paddedEthernetBytes = 24

/** Header protocols go up to here; what has another one is damaged, and so is its length. */
const headerProtocolMax = 17

/** What reads a packet's start, by its header protocol: Ethernet, PPP, IPv4, IPv6, MPLS, POS. */
const headerReaders: Readonly<Record<number, typeof readFrame | undefined>> = {
  1: readFrame,
  7: readPpp,
  11: readIp,
  12: readIp,
  13: readMpls,
  14: readPpp,
}

/** Reads one record by its format; unknown formats are skipped. */
export function readFlowRecord(
  context: DatagramContext,
  row: number,
  format: number,
  bytes: RecordBytes,
): boolean {
  const reader = readers[format]
  if (reader === undefined) return false
  if (bytes.end - bytes.offset < reader.bytes) {
    context.exporter.problem('record-short')
    return false
  }
  return reader.read(context, row, bytes)
}

/**
 * The start of the packet. Its length is that of the IP packet, or else that of the frame without
 * stripped bytes.
 */
function readHeader(
  { view, flows }: DatagramContext,
  row: number,
  { offset, end }: RecordBytes,
): boolean {
  const protocol = view.getUint32(offset)
  if (protocol === 0 || protocol > headerProtocolMax) return false
  const frameBytes = view.getUint32(offset + 4)
  const whole = Math.max(0, frameBytes - view.getUint32(offset + 8))
  const start = offset + 16
  const bytes = {
    view,
    offset: start,
    end: Math.min(end, start + view.getUint32(offset + 12)),
    wholeEnd: start + whole,
    frames: 0,
  }
  const length = headerReaders[protocol]?.(flows, row, bytes) ?? 0
  flows.octetDeltaCount[row] = length > 0 ? length : whole
  return true
}

function readMac(view: DataView, offset: number): number {
  return view.getUint16(offset) * 2 ** 32 + view.getUint32(offset + 2)
}

/** By XDR its addresses are padded to 8 bytes each; by sflowtool, and so by some agents, they are not. */
function readEthernet(
  { view, flows }: DatagramContext,
  row: number,
  { offset, end }: RecordBytes,
): boolean {
  const macBytes = end - offset < paddedEthernetBytes ? 6 : 8
  if (flows.octetDeltaCount[row] === 0) flows.octetDeltaCount[row] = view.getUint32(offset)
  flows.sourceMacAddress[row] = readMac(view, offset + 4)
  flows.destinationMacAddress[row] = readMac(view, offset + 4 + macBytes)
  return true
}

function readIpv4(context: DatagramContext, row: number, { offset }: RecordBytes): boolean {
  const { flows } = context
  readAddress(
    context,
    offset + 8,
    4,
    { high: flows.sourceAddressHigh, low: flows.sourceAddressLow },
    row,
  )
  readAddress(
    context,
    offset + 12,
    4,
    { high: flows.destinationAddressHigh, low: flows.destinationAddressLow },
    row,
  )
  readPacket(context, row, offset, offset + 16)
  return true
}

function readIpv6(context: DatagramContext, row: number, { offset }: RecordBytes): boolean {
  const { flows } = context
  readAddress(
    context,
    offset + 8,
    16,
    { high: flows.sourceAddressHigh, low: flows.sourceAddressLow },
    row,
  )
  readAddress(
    context,
    offset + 24,
    16,
    { high: flows.destinationAddressHigh, low: flows.destinationAddressLow },
    row,
  )
  readPacket(context, row, offset, offset + 40)
  return true
}

/** Length and protocol; after the addresses, ports, flags and class of service. */
function readPacket(
  { view, flows }: DatagramContext,
  row: number,
  first: number,
  rest: number,
): void {
  flows.octetDeltaCount[row] = view.getUint32(first)
  flows.protocolIdentifier[row] = view.getUint32(first + 4)
  flows.sourceTransportPort[row] = view.getUint32(rest)
  flows.destinationTransportPort[row] = view.getUint32(rest + 4)
  flows.tcpControlBits[row] = view.getUint32(rest + 8)
  flows.ipClassOfService[row] = view.getUint32(rest + 12)
}

function readSwitch(
  { view, flows }: DatagramContext,
  row: number,
  { offset }: RecordBytes,
): boolean {
  flows.vlanId[row] = view.getUint32(offset)
  flows.postVlanId[row] = view.getUint32(offset + 8)
  return false
}

/** Bytes of a next hop by address type; 0 if unknown. */
function nextHopBytes(type: number): number {
  if (type === 1) return 4
  return type === 2 ? 16 : 0
}

/** Reads a next hop (type and address) and returns the offset after it, or -1 if it is truncated. */
function readNextHop(context: DatagramContext, row: number, { offset, end }: RecordBytes): number {
  const { view, flows } = context
  const bytes = nextHopBytes(view.getUint32(offset))
  if (offset + 4 + bytes > end) return -1
  const columns = { high: flows.nextHopAddressHigh, low: flows.nextHopAddressLow }
  if (bytes > 0) readAddress(context, offset + 4, bytes, columns, row)
  return offset + 4 + bytes
}

function readRouter(context: DatagramContext, row: number, bytes: RecordBytes): boolean {
  const { view, flows } = context
  const at = readNextHop(context, row, bytes)
  if (at === -1 || at + 8 > bytes.end) return false
  flows.sourcePrefixLength[row] = view.getUint32(at)
  flows.destinationPrefixLength[row] = view.getUint32(at + 4)
  return false
}

/**
 * The source's AS; the destination's is the last of the AS path, or the router's own if there is no
 * path.
 */
function readGateway(context: DatagramContext, row: number, bytes: RecordBytes): boolean {
  const { view, flows } = context
  let at = readNextHop(context, row, bytes)
  if (at === -1 || at + 16 > bytes.end) return false
  flows.bgpSourceAsNumber[row] = view.getUint32(at + 4)
  let destination = view.getUint32(at)
  const segments = view.getUint32(at + 12)
  at += 16
  for (let i = 0; i < segments && at + 8 <= bytes.end; i++) {
    const count = view.getUint32(at + 4)
    const last = at + 4 + 4 * count
    if (last + 4 > bytes.end) break
    if (count > 0) destination = view.getUint32(last)
    at = last + 4
  }
  flows.bgpDestinationAsNumber[row] = destination
  return false
}
