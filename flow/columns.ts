/**
 * The columns of a flow: one table, from which the decoder's arrays, the archive's Parquet columns
 * and the answers of /api/flows are derived. Names are IPFIX element names (IANA registry).
 *
 * On the hot path a flow is never an object but row i of these arrays. In every column except the
 * counters, 0 means that the exporter did not report the field.
 */

/** How a column is stored: unsigned integers, or u64 as two 32-bit words per row (low word first). */
export type ColumnKind = 'u8' | 'u16' | 'u32' | 'f64' | 'u64'

/**
 * The table. `archive` is the SQL type in the Parquet files: signed and wide enough, because some
 * Parquet readers misread unsigned 32-bit columns. Addresses are the two 64-bit halves of the IPv6
 * form (IPv4 as ::ffff:a.b.c.d), which every reader handles and which group as fast as numbers.
 */
export const flowColumns = {
  /** When the collector received the datagram, unix ms. */
  collectionTimeMilliseconds: { kind: 'f64', archive: 'TIMESTAMP_MS' },
  /**
   * First and last packet, unix ms, on the exporter's clock (skew corrected by the decoder). Files
   * store the last as flowDurationMilliseconds: see store/archive/columns.ts.
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
  /** The sampling interval when the record was received: 1 in this many packets; 1 means all. */
  samplingInterval: { kind: 'u32', archive: 'BIGINT' },
  ingressInterface: { kind: 'u32', archive: 'BIGINT' },
  egressInterface: { kind: 'u32', archive: 'BIGINT' },
  tcpControlBits: { kind: 'u16', archive: 'INTEGER' },
  ipClassOfService: { kind: 'u8', archive: 'SMALLINT' },
  icmpTypeCode: { kind: 'u16', archive: 'INTEGER' },
  /** 0 ingress or not reported, 1 egress (IPFIX element 61). */
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

/** The arrays for `capacity` rows (u64 columns have 2 × capacity words); rows [0, count) are in use. */
export type FlowColumns = {
  readonly [Name in ColumnName]: ColumnArray[(typeof flowColumns)[Name]['kind']]
} & { readonly capacity: number; count: number; readonly stale: StaleColumns }

/** A set of columns as bits, by position in the table: 30 per word, so that words stay small integers. */
export interface ColumnMask {
  low: number
  high: number
}

/**
 * Which columns may hold old values in unused rows, and which were written in every row since the
 * last recycling. Maintained by code that recycles columns instead of clearing them.
 */
interface StaleColumns extends ColumnMask {
  commonLow: number
  commonHigh: number
  /** Rows beyond this were never used. */
  rows: number
}

/** Column names in table order. */
export const columnNames = Object.keys(flowColumns) as ColumnName[]

const bitsAWord = 30
const allBits = 2 ** bitsAWord - 1
const places = new Map(columnNames.map((name, i) => [name, i]))

/** The set of the given columns. */
export function columnMask(names: Iterable<ColumnName>): ColumnMask {
  const mask = { low: 0, high: 0 }
  for (const name of names) {
    const place = places.get(name)!
    if (place < bitsAWord) mask.low |= 1 << place
    else mask.high |= 1 << (place - bitsAWord)
  }
  return mask
}

/** How many words of a column are a row: an address has two. */
export function wordsPerRow(name: ColumnName): 1 | 2 {
  return flowColumns[name].kind === 'u64' ? 2 : 1
}

const arrayOf = {
  u8: (rows: number) => new Uint8Array(rows),
  u16: (rows: number) => new Uint16Array(rows),
  u32: (rows: number) => new Uint32Array(rows),
  f64: (rows: number) => new Float64Array(rows),
  u64: (rows: number) => new Uint32Array(rows * 2),
}

/** Empty columns with room for `capacity` flows, all zero. */
export function createFlowColumns(capacity: number): FlowColumns {
  const stale = { low: 0, high: 0, commonLow: allBits, commonHigh: allBits, rows: 0 }
  const columns: Record<string, unknown> = { capacity, count: 0, stale }
  for (const name of columnNames) columns[name] = arrayOf[flowColumns[name].kind](capacity)
  // Properties added one by one make V8 use a dictionary; the copy has a fixed layout.
  return { ...columns } as unknown as FlowColumns
}

/** Zeroes rows [from, to) of a set of columns. */
function zeroColumns(columns: FlowColumns, mask: ColumnMask, from: number, to: number): void {
  for (let { low } = mask; low !== 0; low &= low - 1)
    zeroColumn(columns, 31 - Math.clz32(low & -low), from, to)
  for (let { high } = mask; high !== 0; high &= high - 1)
    zeroColumn(columns, bitsAWord + 31 - Math.clz32(high & -high), from, to)
}

function zeroColumn(columns: FlowColumns, place: number, from: number, to: number): void {
  const name = columnNames[place]!
  const words = wordsPerRow(name)
  columns[name].fill(0, from * words, to * words)
}

const allColumns = columnMask(columnNames)

/** Empties the columns for reuse: all rows are zero again. */
export function clearFlowColumns(columns: FlowColumns): void {
  const { stale } = columns
  zeroColumns(columns, allColumns, 0, Math.max(columns.count, stale.rows))
  Object.assign(stale, { low: 0, high: 0, commonLow: allBits, commonHigh: allBits, rows: 0 })
  columns.count = 0
}

/**
 * Empties columns for reuse by the decoder, which records what it writes: only columns that were
 * written in some rows and not in others are zeroed.
 */
export function recycleFlowColumns(columns: FlowColumns): void {
  const { stale } = columns
  stale.rows = Math.max(stale.rows, columns.count)
  const { low, high, commonLow, commonHigh } = stale
  zeroColumns(columns, { low: low & ~commonLow, high: high & ~commonHigh }, 0, stale.rows)
  stale.low = low & commonLow
  stale.high = high & commonHigh
  stale.commonLow = allBits
  stale.commonHigh = allBits
  columns.count = 0
}

/**
 * Readies `rows` rows starting at `from` for a writer that sets the columns `writes` in each of
 * them and may set `touches`: zeroes old values in columns that it may not set.
 */
export function readyRows(
  columns: FlowColumns,
  writes: ColumnMask,
  touches: ColumnMask,
  from: number,
  rows: number,
): void {
  const { stale } = columns
  const low = stale.low & ~writes.low
  const high = stale.high & ~writes.high
  if ((low | high) !== 0) zeroColumns(columns, { low, high }, from, from + rows)
  stale.low |= touches.low
  stale.high |= touches.high
  stale.commonLow &= writes.low
  stale.commonHigh &= writes.high
}
