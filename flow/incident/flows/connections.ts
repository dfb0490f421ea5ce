/**
 * Connections: all records of a 5-tuple in either direction, joined however the exporter split
 * them, until a pause longer than the exporter's timeouts, not counting the time in which the
 * exporter was away. The source of the first record is the opener; if both sides start at the same
 * instant, flags and then ports decide. If packets are sampled, it is chance which record is the
 * first, so that flags or ports must say it. Of ICMP, a pair of hosts is one.
 */
import { isIcmp } from '../../icmp.ts'
import { servicePort } from '../../service.ts'
import type { FlowTable } from './flow-table.ts'
import { groupByTuple, type Tuples } from './tuples.ts'

/** Connections as columns; times unix ms. Hosts are indices into the table's hosts. */
export interface Connections {
  count: number
  opener: Uint32Array
  peer: Uint32Array
  /** 1: flags or ports say so, too. 0: it is only known whose record was the first. */
  isCertain: Uint8Array
  /** 1: who opened it is known. 0: the opener is only the side of which something was seen, or was seen first. */
  isKnown: Uint8Array
  /** 1: both sides sent. 0: only the opener is seen to have sent. */
  isAnswered: Uint8Array
  peerPort: Uint16Array
  protocol: Uint8Array
  /** The start of the first record, and the end of the last. */
  first: Float64Array
  last: Float64Array
  packets: Float64Array
  bytes: Float64Array
  /** Whether it shows that a host did not answer: not if packets are sampled, or one direction is reported. */
  showsAnswers: boolean
  /** Whether hardly anything was seen of one of the two directions of all connections. */
  isOneWay: boolean
  /**
   * After this many ms without a packet, a 5-tuple is a new connection: after the longest pause, if
   * packets are sampled.
   */
  idleMs: number
}

/** The bounds of the timeout, if records are shorter or longer than with usual exporter settings. */
const idleMsMin = 60_000
const idleMsMax = 1_800_000

const synFlag = 0x02
const ackFlag = 0x10
/**
 * Echo requests of ICMP and ICMPv6 (RFC 792, RFC 4443) as exporters report them in place of a port:
 * 256 × type + code.
 */
const echoRequests: Record<number, number> = { 1: 8 * 256, 58: 128 * 256 }

const udp = 17
/**
 * UDP services that answer whoever seems to have asked with more than the question, so that
 * questions are sent to them in a victim's name, often from port 80 or 443, whose packets few
 * filter (US-CERT TA14-017A): such a port is not the service then.
 */
const reflectors: ReadonlySet<number> = new Set([
  17, 19, 53, 69, 111, 123, 137, 161, 389, 520, 1900, 3283, 3702, 5353, 5683, 11_211,
])

/** An exporter with fewer connections of which both sides were seen may report one direction only. */
const answeredMin = 12
/** Of an exporter of both directions more are seen both ways, unless most are scans. */
const oneWayShare = 0.02

/** The longest record of an exporter, which is its active timeout if it split any; within bounds. */
function timeoutSeen({ first, last, count }: FlowTable): number {
  let longest = 0
  for (let row = 0; row < count; row++) longest = Math.max(longest, last[row]! - first[row]!)
  return Math.min(idleMsMax, Math.max(idleMsMin, longest))
}

/** Joins the flows of a table into connections. */
export function joinConnections(table: FlowTable): Connections {
  const idleMs = timeoutSeen(table)
  const tuples = groupByTuple(table)
  const spans = spansOf(table, tuples, idleMs)
  const count = spans.length - 1
  const connections: Connections = {
    count,
    opener: new Uint32Array(count),
    peer: new Uint32Array(count),
    isCertain: new Uint8Array(count),
    isKnown: new Uint8Array(count),
    isAnswered: new Uint8Array(count),
    peerPort: new Uint16Array(count),
    protocol: new Uint8Array(count),
    first: new Float64Array(count),
    last: new Float64Array(count),
    packets: new Float64Array(count),
    bytes: new Float64Array(count),
    showsAnswers: false,
    isOneWay: false,
    idleMs,
  }
  for (let i = 0; i < count; i++)
    fill(connections, i, { table, rows: tuples.rows.subarray(spans[i], spans[i + 1]) })
  sayKnown(connections, table)
  return connections
}

/** Fills in what takes all connections: which directions are reported, and of which connections the opener is known. */
function sayKnown(connections: Connections, { sampling }: FlowTable): void {
  const { count, isAnswered, isKnown } = connections
  const answered = isAnswered.reduce((sum, each) => sum + each, 0)
  connections.showsAnswers = sampling === 1 && answered >= answeredMin
  connections.isOneWay = sampling === 1 && count >= answeredMin && answered < oneWayShare * count
  for (let i = 0; i < count; i++) {
    const isOrdered = connections.showsAnswers || (sampling === 1 && isAnswered[i] === 1)
    isKnown[i] = connections.isCertain[i] === 1 || isOrdered ? 1 : 0
  }
}

/**
 * Whether a record counts anything. One that does not is a log entry, such as a NAT session's end,
 * which comes minutes after the last packet: it opens nothing.
 */
function countsAny({ bytes, packets }: FlowTable, row: number): boolean {
  return bytes[row]! + packets[row]! > 0
}

/** Where each connection begins in the rows by tuple, and the end of the last. */
function spansOf(table: FlowTable, { count, starts, rows }: Tuples, idleMs: number) {
  const { first, last, breaks, sampling } = table
  // Between two sampled packets others passed that were not looked at.
  const pauseMs = sampling > 1 ? idleMsMax : idleMs
  const isIdle = (pause: { from: number; to: number }) =>
    pause.to - pause.from > pauseMs &&
    pause.to - pause.from - unseenIn(pause, breaks, idleMs) > pauseMs
  const spans = new Uint32Array(rows.length + 1)
  let connections = 0
  for (let t = 0; t < count; t++) {
    let seen = Number.NEGATIVE_INFINITY
    for (let i = starts[t]!; i < starts[t + 1]!; i++) {
      const row = rows[i]!
      const isFirst = seen === Number.NEGATIVE_INFINITY
      if (isFirst || (isIdle({ from: seen, to: first[row]! }) && countsAny(table, row)))
        spans[connections++] = i
      seen = Math.max(seen, last[row]!)
    }
  }
  spans[connections] = rows.length
  return spans.subarray(0, connections + 1)
}

/**
 * How long the exporter was away in a pause, ms: counted from its longest record before, because a record that had not
 * ended then was not reported either.
 */
function unseenIn(
  { from, to }: { from: number; to: number },
  breaks: FlowTable['breaks'],
  idleMs: number,
): number {
  return breaks.reduce(
    (sum, each) => sum + Math.max(0, Math.min(to, each.to) - Math.max(from, each.from - idleMs)),
    0,
  )
}

function fill(
  to: Connections,
  i: number,
  { table, rows }: { table: FlowTable; rows: Uint32Array },
): void {
  const opening = openingRow(table, rows)
  to.opener[i] = table.source[opening]!
  to.peer[i] = table.destination[opening]!
  to.isCertain[i] = isCertain(table, opening) ? 1 : 0
  to.peerPort[i] = table.destinationPort[opening]!
  to.protocol[i] = table.protocol[opening]!
  to.first[i] = table.first[rows[0]!]!
  let last = 0
  for (const row of rows) {
    last = Math.max(last, table.last[row]!)
    if (isBack(table, row, opening)) to.isAnswered[i] = 1
    to.packets[i]! += table.packets[row]!
    to.bytes[i]! += table.bytes[row]!
  }
  to.last[i] = last
}

/** Whether two records of a connection have opposite directions. */
function isBack({ source, sourcePort, protocol }: FlowTable, a: number, b: number): boolean {
  return source[a] !== source[b] || (sourcePort[a] !== sourcePort[b] && !isIcmp(protocol[a]!))
}

/** Of the first records of a connection, the one whose source opened it. */
function openingRow(table: FlowTable, rows: Uint32Array): number {
  const row = rows[0]!
  const isSampled = table.sampling > 1
  for (let i = 1; i < rows.length; i++) {
    const back = rows[i]!
    if (!isSampled && table.first[back] !== table.first[row]) break
    if (!isBack(table, back, row)) continue
    return opens(table, back, row) ? back : row
  }
  return row
}

/** Whether a record is a request: a SYN without ACK, an echo request, or to a service's port from another. */
function isCertain(table: FlowTable, row: number): boolean {
  if (isIcmp(table.protocol[row]!)) return asks(table, row)
  const [port, back] = [table.destinationPort[row]!, table.sourcePort[row]!]
  return (
    asks(table, row) || (port !== back && serviceBetween(table.protocol[row]!, back, port) === port)
  )
}

/** The service's port of two, or a negative number if neither is one. */
function serviceBetween(protocol: number, a: number, b: number): number {
  if (protocol === udp && reflectors.has(a) !== reflectors.has(b)) return reflectors.has(a) ? a : b
  return servicePort(protocol, a, b)
}

function asks(table: FlowTable, row: number): boolean {
  const { protocol, tcpFlags, sourcePort, destinationPort } = table
  const echo = echoRequests[protocol[row]!]
  // With a source port, the other is an identifier.
  if (echo !== undefined) return sourcePort[row] === 0 && destinationPort[row] === echo
  return protocol[row] === 6 && (tcpFlags[row]! & (synFlag | ackFlag)) === synFlag
}

/** Whether the source of `a`, not that of `b` (the other direction), opened the connection. */
function opens(table: FlowTable, a: number, b: number): boolean {
  if (asks(table, a) !== asks(table, b)) return asks(table, a)
  if (isIcmp(table.protocol[a]!)) return isLocalToOutside(table, a, b)
  const [port, back] = [table.sourcePort[a]!, table.sourcePort[b]!]
  if (port !== back) {
    const service = serviceBetween(table.protocol[a]!, port, back)
    // Neither port names a service: clients get the higher port.
    return service < 0 ? port > back : port !== service
  }
  return isLocalToOutside(table, a, b)
}

function isLocalToOutside({ hosts, source }: FlowTable, a: number, b: number): boolean {
  return hosts.isLocal(source[a]!) && !hosts.isLocal(source[b]!)
}
