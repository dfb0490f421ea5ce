/**
 * The archive's columns as SQL expressions of what they mean: times in unix ms, counts scaled by
 * sampling, shares of a window, the service port and the direction. These are the rules of
 * flow/spread.ts, flow/service.ts and the buckets, once more in SQL.
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
/** Counts scaled by sampling. A rate that takes one beyond 2^53 − 1 is not believed further than that. */
export const bytes = scaled('octetDeltaCount')
export const packets = scaled('packetDeltaCount')

function scaled(column: string): string {
  return (
    `CASE WHEN "samplingInterval" = 1 THEN "${column}" ELSE ` +
    `least("${column}"::HUGEINT * "samplingInterval", ${Number.MAX_SAFE_INTEGER})::BIGINT END`
  )
}

/** The archive's expressions in DuckDB's words. */
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

/** A span of time with its ends bound: [from, to) in unix ms. */
export interface BoundWindow {
  from: string
  to: string
}

/** Which flows belong to a window; `within` is what nfdump's -t gives. */
export function belongsSql(
  include: Include,
  { from, to }: BoundWindow,
  words: FlowWords = duckdbWords,
): string {
  const start = '"flowStartMilliseconds"'
  // The last ms of which a flow has a share; a flow without length has all at its first.
  const lastShare = `greatest(${words.first}, ${words.last} - 1)`
  // The plain column is compared where it can be, so that row groups are passed over.
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

/** The units of a count (an SQL expression, as `first` and `last` are) that fall into a window. */
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

/** Which ports IANA registers; made when first asked for, which takes 40 ms. */
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

/** Whether the address in a pair of columns lies in one of the networks. */
export function isInSql(
  networks: readonly Network[],
  column: AddressColumn,
  bindings: Pick<Binder, 'whole'>,
): string {
  // Ranges and not masks: the reader passes over row groups and vectors by them.
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

/** A signed half of a network's address and mask: 0 is the high one. */
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

/** The place in restDirections of a flow's direction as the local networks see it. */
export function directionSql(local: readonly Network[], bindings: Binder): string {
  const source = isInSql(local, 'sourceAddress', bindings)
  const destination = isInSql(local, 'destinationAddress', bindings)
  return `CASE WHEN ${source} THEN (CASE WHEN ${destination} THEN 2 ELSE 1 END) WHEN ${destination} THEN 0 ELSE 3 END`
}
