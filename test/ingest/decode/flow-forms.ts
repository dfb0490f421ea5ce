/** One flow in every form that exporters use. */
import {
  encodeV1,
  encodeV5,
  encodeV6,
  encodeV7,
  testExportMs,
  testUptimeMs,
  type FixedRecord,
} from '../../encode/fixed.ts'
import { encodeIpfix, encodeV9, field, type EncodedTemplate } from '../../encode/sets.ts'
import type { Value } from '../../encode/value.ts'

type Encoder = (records: readonly FixedRecord[]) => Uint8Array

/** The value of each element for a flow. */
const valueOf: Readonly<Record<number, (record: FixedRecord) => Value>> = {
  8: ({ source }) => source,
  12: ({ destination }) => destination,
  15: ({ nextHop }) => nextHop,
  10: ({ input }) => input,
  14: ({ output }) => output,
  2: ({ packets }) => packets,
  1: ({ octets }) => octets,
  22: ({ first }) => first,
  21: ({ last }) => last,
  152: ({ first }) => toUnixMs(first),
  153: ({ last }) => toUnixMs(last),
  7: ({ sourcePort }) => sourcePort,
  11: ({ destinationPort }) => destinationPort,
  6: ({ tcpFlags }) => tcpFlags,
  4: ({ protocol }) => protocol,
  5: ({ tos }) => tos,
  16: ({ sourceAs }) => sourceAs,
  17: ({ destinationAs }) => destinationAs,
  9: ({ sourcePrefix }) => sourcePrefix,
  13: ({ destinationPrefix }) => destinationPrefix,
  61: () => 0,
  136: () => 0,
}

export type Lengths = readonly (readonly [id: number, length: number])[]

const templateOf = (fields: Lengths): EncodedTemplate => ({
  id: 256,
  fields: fields.map(([id, length]) => field(id, length)),
})

/** The flow's elements with their lengths: as in v5, and as routers send them today. */
export const ofUptime: Lengths = [
  [8, 4], [12, 4], [15, 4], [10, 2], [14, 2], [2, 4], [1, 4], [22, 4], [21, 4], [7, 2], [11, 2],
  [6, 1], [4, 1], [5, 1], [16, 2], [17, 2], [9, 1], [13, 1],
] // prettier-ignore
export const ofTime: Lengths = ofUptime.map(([id, length]) =>
  id === 22 ? [152, 8] : id === 21 ? [153, 8] : [id, id <= 2 ? 8 : length],
)
const wide: ReadonlySet<number> = new Set([10, 14, 16, 17])
export const routers4: Lengths = [[61, 1], ...ofUptime.map(([id, length]): [number, number] => [id, wide.has(id) ? 4 : length])] // prettier-ignore
export const routers8: Lengths = [
  [136, 1],
  ...routers4.map(([id, length]): [number, number] =>
    id === 22 ? [152, 8] : id === 21 ? [153, 8] : [id, id <= 2 ? 8 : id === 6 ? 2 : length],
  ),
]

/** A datagram of flows with elements in any order and of any length. */
export function encodeSets(
  version: 'v9' | 'ipfix',
  fields: Lengths,
  records: readonly FixedRecord[],
  options: { padding?: number; longLengths?: boolean } = {},
): Uint8Array {
  const template = templateOf(fields)
  const values = records.map((record) => fields.map(([id]) => valueOf[id]!(record)))
  const sets = [{ templates: [template] }, { data: template, records: values, ...options }]
  return version === 'v9' ? encodeV9({ sets }) : encodeIpfix({ sets })
}

export const toUnixMs = (uptimeMs: number) => testExportMs - testUptimeMs + uptimeMs

export const encoders: Record<string, Encoder> = {
  v1: (records) => encodeV1({}, records),
  v5: (records) => encodeV5({}, records),
  v6: (records) => encodeV6({}, records),
  v7: (records) => encodeV7({}, records),
  v9: (records) => encodeSets('v9', ofUptime, records),
  ipfix: (records) => encodeSets('ipfix', ofTime, records),
  'v9 of a router': (records) => encodeSets('v9', routers4, records),
  'ipfix of a router': (records) => encodeSets('ipfix', routers8, records),
  'v9 with times in ms': (records) => encodeSets('v9', routers8, records),
}
