/**
 * The columns of a flow: one table, from which the decoder's arrays, the archive's Parquet columns
 * and the answers of /api/flows are derived. Names are IPFIX element names (IANA registry).
 *
 * A flow is never an object on the hot path: it is row i of these arrays. 0 stands for "the
 * exporter did not say" in every column but the counters.
 */

/** How a column is held: unsigned integers, or u64 as two 32-bit words a row (low word first). */
export type ColumnKind = 'u8' | 'u16' | 'u32' | 'f64' | 'u64'

/**
 * The table. `archive` is the SQL type in the Parquet files: signed and wide enough, because some
 * Parquet readers misread unsigned 32-bit columns. Addresses are two 64-bit halves of the IPv6
 * form (IPv4 as ::ffff:a.b.c.d), which every reader gets right and which group as fast as numbers.
 */
export const flowColumns = {
  /** When the collector received the datagram, unix ms. */
  collectionTimeMilliseconds: { kind: 'f64', archive: 'TIMESTAMP_MS' },
  /**
   * First and last packet, unix ms, in the exporter's clock (skew corrected by the decoder). Files
   * hold the last as flowDurationMilliseconds: see store/archive/columns.ts.
   */
  flowStartMilliseconds: { kind: 'f64', archive: 'TIMESTAMP_MS' },
  flowEndMilliseconds: { kind: 'f64', archive: 'TIMESTAMP_MS' },
  exporterAddressHigh: { kind: 'u64', archive: 'BIGINT' },
  exporterAddressLow: { kind: 'u64', archive: 'BIGINT' },
  observationDomainId: { kind: 'u32', archive: 'BIGINT' },
  sourceAddressHigh: { kind: 'u64', archive: 'BIGINT' },
  sourceAddressLow: { kind: 'u64', archive: 'BIGINT' },
  destinationAddressHigh: { kind: 'u64', archive: 'BIGINT' },
  destinationAddressLow: { kind: 'u64', archive: 'BIGINT' },
  sourceTransportPort: { kind: 'u16', archive: 'INTEGER' },
  destinationTransportPort: { kind: 'u16', archive: 'INTEGER' },
  protocolIdentifier: { kind: 'u8', archive: 'SMALLINT' },
  /** As the exporter counted, before scaling by samplingInterval; at most 2^53. */
  octetDeltaCount: { kind: 'f64', archive: 'BIGINT' },
  packetDeltaCount: { kind: 'f64', archive: 'BIGINT' },
  /** The rate in force when the record came: 1 of so many packets was looked at; 1 is all. */
  samplingInterval: { kind: 'u32', archive: 'BIGINT' },
  ingressInterface: { kind: 'u32', archive: 'BIGINT' },
  egressInterface: { kind: 'u32', archive: 'BIGINT' },
  tcpControlBits: { kind: 'u16', archive: 'INTEGER' },
  ipClassOfService: { kind: 'u8', archive: 'SMALLINT' },
  icmpTypeCode: { kind: 'u16', archive: 'INTEGER' },
  /** 0 ingress or not said, 1 egress (IPFIX element 61). */
  flowDirection: { kind: 'u8', archive: 'SMALLINT' },
  flowEndReason: { kind: 'u8', archive: 'SMALLINT' },
  nextHopAddressHigh: { kind: 'u64', archive: 'BIGINT' },
  nextHopAddressLow: { kind: 'u64', archive: 'BIGINT' },
  bgpSourceAsNumber: { kind: 'u32', archive: 'BIGINT' },
  bgpDestinationAsNumber: { kind: 'u32', archive: 'BIGINT' },
  sourcePrefixLength: { kind: 'u8', archive: 'SMALLINT' },
  destinationPrefixLength: { kind: 'u8', archive: 'SMALLINT' },
  vlanId: { kind: 'u16', archive: 'INTEGER' },
  postVlanId: { kind: 'u16', archive: 'INTEGER' },
  /** 48 bits as a number. */
  sourceMacAddress: { kind: 'f64', archive: 'BIGINT' },
  destinationMacAddress: { kind: 'f64', archive: 'BIGINT' },
  /** Label value (20 bits) of the top of the MPLS stack. */
  mplsTopLabel: { kind: 'u32', archive: 'BIGINT' },
  ingressVRFID: { kind: 'u32', archive: 'BIGINT' },
  egressVRFID: { kind: 'u32', archive: 'BIGINT' },
  /** Classification engine in the top 8 bits, selector below (RFC 6759). */
  applicationId: { kind: 'u32', archive: 'BIGINT' },
  postNATSourceAddressHigh: { kind: 'u64', archive: 'BIGINT' },
  postNATSourceAddressLow: { kind: 'u64', archive: 'BIGINT' },
  postNATDestinationAddressHigh: { kind: 'u64', archive: 'BIGINT' },
  postNATDestinationAddressLow: { kind: 'u64', archive: 'BIGINT' },
  postNAPTSourceTransportPort: { kind: 'u16', archive: 'INTEGER' },
  postNAPTDestinationTransportPort: { kind: 'u16', archive: 'INTEGER' },
} as const satisfies Record<string, { kind: ColumnKind; archive: string }>

export type ColumnName = keyof typeof flowColumns

interface ColumnArray {
  u8: Uint8Array<ArrayBuffer>
  u16: Uint16Array<ArrayBuffer>
  u32: Uint32Array<ArrayBuffer>
  f64: Float64Array<ArrayBuffer>
  u64: Uint32Array<ArrayBuffer>
}

/** The arrays of `capacity` rows (u64 columns hold 2 × capacity words); rows [0, count) are filled. */
export type FlowColumns = {
  readonly [Name in ColumnName]: ColumnArray[(typeof flowColumns)[Name]['kind']]
} & { readonly capacity: number; count: number }

/** Column names in table order. */
export const columnNames = Object.keys(flowColumns) as ColumnName[]

const arrayOf = {
  u8: (rows: number) => new Uint8Array(rows),
  u16: (rows: number) => new Uint16Array(rows),
  u32: (rows: number) => new Uint32Array(rows),
  f64: (rows: number) => new Float64Array(rows),
  u64: (rows: number) => new Uint32Array(rows * 2),
}

/** Empty columns with room for `capacity` flows, all zero. */
export function createFlowColumns(capacity: number): FlowColumns {
  const columns: Record<string, unknown> = { capacity, count: 0 }
  for (const name of columnNames) columns[name] = arrayOf[flowColumns[name].kind](capacity)
  return columns as FlowColumns
}

/** Empties the columns for reuse: rows are zeroed again, so that a decoder need only write what it read. */
export function clearFlowColumns(columns: FlowColumns): void {
  for (const name of columnNames) {
    const words = flowColumns[name].kind === 'u64' ? 2 : 1
    columns[name].fill(0, 0, columns.count * words)
  }
  columns.count = 0
}

/**
 * Appends rows [from, to) of one set of columns to another. The caller sees to it that there is
 * room; rows that do not fit are an error of ours.
 */
export function appendFlowColumns(
  target: FlowColumns,
  source: FlowColumns,
  from: number,
  to: number,
): void {
  if (target.count + to - from > target.capacity) throw new RangeError('flow columns are full')
  for (const name of columnNames) {
    const words = flowColumns[name].kind === 'u64' ? 2 : 1
    target[name].set(source[name].subarray(from * words, to * words), target.count * words)
  }
  target.count += to - from
}
