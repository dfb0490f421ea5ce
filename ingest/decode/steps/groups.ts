/**
 * Fields that exporters send together share one loop, because starting a loop costs as much as
 * reading 30 records. A group replaces its fields if a template has all of them with these lengths;
 * other fields are read one by one. Each loop is created for its columns: one that always sees the
 * same arrays, as constants to V8, is about twice as fast as one that takes them as arguments. A
 * second decoder in a process works too, but slower.
 */
import type { FlowColumns } from '../../../flow/columns.ts'
import type { Place } from './batch.ts'
import { counters4, counters8, counts4Exactly, counts8Exactly, uptimes } from './count-loops.ts'
import {
  directionAndReason,
  interfaces4,
  ipv4Ends,
  ipv4EndsWideFlags,
  ports,
  routing2,
  routing4,
} from './end-loops.ts'
import { counts4, counts8, type GroupLoop, type Offsets } from './group-loops.ts'
import { fixedRecord, router4, router8 } from './whole-loops.ts'

/** Elements and their lengths. */
type Fields = readonly (readonly [id: number, length: number])[]

/** Offsets of the fields of `ends`, `ofUptime` and `way2` in a record of v5, v6 or v7. */
const fixedOffsets = [0, 4, 32, 34, 38, 37, 39, 20, 16, 24, 28, 12, 14, 40, 42, 44, 45, 8]

/** Elements and lengths of a group's fields, with the loop that reads them. */
export interface FieldGroup {
  fields: Fields
  /** The required offsets of the fields, if the loop only works for these. */
  offsets?: readonly number[]
  loop: GroupLoop
  /** The loop reports which protocols it saw. */
  tellsProtocols?: true
  /**
   * Set if the loop also finishes its rows: it writes the common values, sums the counts, and
   * reports whether any row is odd. Then all rows are read again by `exactly`, and checked.
   */
  exactly?: GroupLoop
  /** Index of the first field that `exactly` reads; 0 if absent. */
  counts?: number
}

const letters = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u'] as const // prettier-ignore

/** The offsets of fields, by their places. */
export function offsetsOf(places: readonly Place[]): Offsets {
  return Object.fromEntries(
    letters.map((letter, i) => [letter, places[i]?.offset ?? 0]),
  ) as unknown as Offsets
}

/** Ids of the IANA elements in a router's usual record; full names are in elements.ts. */
const octets = 1
const packets = 2
const protocol = 4
const tos = 5
const tcpFlags = 6
const sourcePort = 7
const sourceIpv4 = 8
const sourceMask = 9
const ingressInterface = 10
const destinationPort = 11
const destinationIpv4 = 12
const destinationMask = 13
const egressInterface = 14
const nextHopIpv4 = 15
const sourceAs = 16
const destinationAs = 17
const endUptime = 21
const startUptime = 22
const direction = 61
const endReason = 136
const startMs = 152
const endMs = 153

/**
 * Addresses, ports, protocol and class of service, with TCP flags of 1 byte (v5, v9) or 2 bytes
 * (IPFIX).
 */
const endsOf = (tcpFlagsBytes: 1 | 2): Fields => [
  [sourceIpv4, 4],
  [destinationIpv4, 4],
  [sourcePort, 2],
  [destinationPort, 2],
  [protocol, 1],
  [tcpFlags, tcpFlagsBytes],
  [tos, 1],
]
const ends = endsOf(1)
const endsWide = endsOf(2)

/** Counts and times: 4 bytes relative to uptime, or 8 bytes in unix ms. */
const ofUptime: Fields = [
  [octets, 4],
  [packets, 4],
  [startUptime, 4],
  [endUptime, 4],
]
const ofTime: Fields = [
  [octets, 8],
  [packets, 8],
  [startMs, 8],
  [endMs, 8],
]

/** The route through the router, with interfaces and AS numbers of 2 or 4 bytes. */
const wayOf = (numberBytes: 2 | 4): Fields => [
  [ingressInterface, numberBytes],
  [egressInterface, numberBytes],
  [sourceAs, numberBytes],
  [destinationAs, numberBytes],
  [sourceMask, 1],
  [destinationMask, 1],
  [nextHopIpv4, 4],
]
const way2 = wayOf(2)
const way4 = wayOf(4)

/**
 * Groups for one set of columns; of several that could read a field, the first does. Call it once,
 * for the columns that must be fast.
 */
export function fieldGroups(flows: FlowColumns): FieldGroup[] {
  return [
    { fields: [...ends, ...ofUptime, ...way2], offsets: fixedOffsets, loop: fixedRecord(flows), tellsProtocols: true, exactly: counts4Exactly(flows), counts: ends.length },
    { fields: [...ends, ...ofUptime, ...way4, [direction, 1]], loop: router4(flows), tellsProtocols: true, exactly: counts4Exactly(flows), counts: ends.length },
    { fields: [...endsWide, ...ofTime, ...way4, [direction, 1], [endReason, 1]], loop: router8(flows), tellsProtocols: true, exactly: counts8Exactly(flows), counts: endsWide.length },
    { fields: ends, loop: ipv4Ends(flows), tellsProtocols: true },
    { fields: endsWide, loop: ipv4EndsWideFlags(flows), tellsProtocols: true },
    { fields: [[sourcePort, 2], [destinationPort, 2], [protocol, 1], [tcpFlags, 1], [tos, 1]], loop: ports(flows) },
    { fields: ofUptime, loop: counts4(flows), exactly: counts4Exactly(flows) },
    { fields: ofTime, loop: counts8(flows), exactly: counts8Exactly(flows) },
    { fields: way2, loop: routing2(flows) },
    { fields: way4, loop: routing4(flows) },
    { fields: [[octets, 4], [packets, 4]], loop: counters4(flows) },
    { fields: [[octets, 8], [packets, 8]], loop: counters8(flows) },
    { fields: [[startUptime, 4], [endUptime, 4]], loop: uptimes(flows) },
    { fields: [[ingressInterface, 4], [egressInterface, 4]], loop: interfaces4(flows) },
    { fields: [[direction, 1], [endReason, 1]], loop: directionAndReason(flows) },
  ] // prettier-ignore
}
