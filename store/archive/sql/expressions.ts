/**
 * SQL expressions over the archive's columns: times in unix ms, counts scaled by sampling, shares
 * of a window, the service port and the direction. These repeat the rules of flow/spread.ts,
 * flow/service.ts and the buckets in SQL.
 */
import { DuckDBBitValue } from '@duckdb/node-api'

import type { Network } from '../../../flow/address.ts'
import type { AddressColumn } from '../../../flow/filter/fields.ts'
import { portProtocols, ephemeralPort, noPort } from '../../../flow/service.ts'
import { countUpToSql, duckdbWholes } from '../../../flow/spread.ts'
import type { Include } from '../../flows.ts'
import type { Binder, FlowWords } from './binder.ts'
import { archivedFirstSql, archivedLastSql } from '../columns.ts'

export const first = archivedFirstSql
export const last = archivedLastSql
/** Counts scaled by sampling, capped at 2^53 − 1. */
export const bytes = scaled('octetDeltaCount')
export const packets = scaled('packetDeltaCount')

/** Whether a record is of a protocol without ports: what is stored as one differs between a ping and its reply. */
export const isIcmp = '"protocolIdentifier" IN (1, 58)'
const tellsType = `${isIcmp} AND "icmpTypeCode" <> 0`
/** Ports for verdicts: of ICMP, 0 and 256 × type + code, wherever the exporter reports these. */
export const sourcePort = `CASE WHEN ${tellsType} THEN 0 ELSE "sourceTransportPort" END`
export const destinationPort = `CASE WHEN ${tellsType} THEN "icmpTypeCode" ELSE "destinationTransportPort" END`

function scaled(column: string): string {
  return (
    `CASE WHEN "samplingInterval" = 1 THEN "${column}" ELSE ` +
    `least("${column}"::HUGEINT * "samplingInterval", ${Number.MAX_SAFE_INTEGER})::BIGINT END`
  )
}

/** The archive's expressions for DuckDB. */
export const duckdbWords: FlowWords = {
  first,
  last,
  bytes,
  packets,
  asStart: (ms) => `make_timestamp_ms(${ms})`,
  shiftRight: (value, bits) => `(${value} >> ${bits})`,
  and: (value, mask) => `(${value} & ${mask})`,
  ...duckdbWholes,
}

/** A time range with its ends bound: [from, to) in unix ms. */
export interface BoundWindow {
  from: string
  to: string
}

/** Which flows belong to a window; `within` is the same as nfdump's -t. */
export function belongsSql(
  include: Include,
  { from, to }: BoundWindow,
  words: FlowWords = duckdbWords,
): string {
  const start = '"flowStartMilliseconds"'
  // The last ms that has a share of a flow; a flow of no length has all of it at its first.
  const lastShare = `greatest(${words.first}, ${words.last} - 1)`
  // Compares the plain column where possible, so that row groups can be skipped.
  const startsBefore = `${start} < ${words.asStart(to)}`
  const startsFrom = `${start} >= ${words.asStart(from)}`
  const conditions: Record<Include, string> = {
    any: `${startsBefore} AND ${lastShare} >= ${from}`,
    start: `${startsBefore} AND ${startsFrom}`,
    end: `${words.last} >= ${from} AND ${words.last} < ${to}`,
    within: `${startsBefore} AND ${startsFrom} AND ${words.last} <= ${to}`,
  }
  return conditions[include]
}

/** The units of a count (an SQL expression, as are `first` and `last`) that fall into a window. */
export function withinSql(
  count: string,
  flow: { first: string; last: string },
  { from, to }: BoundWindow,
  words: FlowWords = duckdbWords,
): string {
  const upTo = (t: string) => countUpToSql(count, flow, t, words)
  return (
    `CASE WHEN ${flow.first} >= ${from} AND ${flow.last} <= ${to} THEN ${count} ` +
    `ELSE ${upTo(to)} - ${upTo(from)} END`
  )
}

let registeredBits: { protocol: number; value: DuckDBBitValue }[] | null = null

/** The ports that IANA registers; built on first use, which takes 40 ms. */
function registered() {
  registeredBits ??= [...portProtocols].map(([protocol, services]) => {
    const bits = Array.from({ length: 65_536 }, (_, port) => String(port) in services)
    return { protocol, value: DuckDBBitValue.fromBools(bits) }
  })
  return registeredBits
}

/** servicePort of flow/service.ts. */
export function servicePortSql(bindings: { bits(value: DuckDBBitValue): string }): string {
  const protocols = registered().map(({ protocol, value }) => ({
    protocol,
    bits: bindings.bits(value),
  }))
  const isRegistered = (port: string) =>
    `CASE "protocolIdentifier" ${protocols
      .map(({ protocol, bits }) => `WHEN ${protocol} THEN get_bit(${bits}, ${port})`)
      .join(' ')} ELSE 0 END = 1`
  const lower = 'least("sourceTransportPort", "destinationTransportPort")'
  const higher = 'greatest("sourceTransportPort", "destinationTransportPort")'
  const numbers = protocols.map(({ protocol }) => protocol).join(', ')
  return (
    `CASE WHEN "protocolIdentifier" NOT IN (${numbers}) THEN ${noPort} ` +
    `WHEN ${isRegistered(lower)} THEN ${lower} WHEN ${isRegistered(higher)} THEN ${higher} ` +
    `WHEN ${lower} < 1024 THEN ${lower} ELSE ${ephemeralPort} END`
  )
}

/** Whether the address in a pair of columns is in one of the networks. */
export function isInSql(
  networks: readonly Network[],
  column: AddressColumn,
  bindings: Pick<Binder, 'whole'>,
): string {
  // Ranges instead of masks, so that the reader can skip row groups and vectors.
  const within = (name: string, { value, mask }: Half) => {
    const end = value | ~mask
    const start = bindings.whole(value)
    return value === end
      ? `"${name}" = ${start}`
      : `"${name}" BETWEEN ${start} AND ${bindings.whole(end)}`
  }
  const terms = networks.map((network) => {
    const [high, low] = [half(network, 0), half(network, 1)]
    if (high.mask === 0n) return 'true'
    const isHigh = within(`${column}High`, high)
    return low.mask === 0n ? `(${isHigh})` : `(${isHigh} AND ${within(`${column}Low`, low)})`
  })
  return terms.length === 0 ? 'false' : `(${terms.join(' OR ')})`
}

/** One signed half of a network's address and mask; 0 is the high half. */
function half({ words, bits }: Network, index: 0 | 1): Half {
  const kept = BigInt(Math.min(64, Math.max(0, bits - 64 * index)))
  const value = (BigInt(words[2 * index]!) << 32n) | BigInt(words[2 * index + 1]!)
  const mask = ((1n << kept) - 1n) << (64n - kept)
  return { value: BigInt.asIntN(64, value), mask: BigInt.asIntN(64, mask) }
}

interface Half {
  value: bigint
  mask: bigint
}

/** The index in restDirections of a flow's direction, as seen by the local networks. */
export function directionSql(local: readonly Network[], bindings: Binder): string {
  const source = isInSql(local, 'sourceAddress', bindings)
  const destination = isInSql(local, 'destinationAddress', bindings)
  return `CASE WHEN ${source} THEN (CASE WHEN ${destination} THEN 2 ELSE 1 END) WHEN ${destination} THEN 0 ELSE 3 END`
}
