/** What the steps of a template work on: the records of one data set, with their export time. */

/** A single object, reused for every set, so that the hot loops see one shape. */
export interface Batch {
  view: DataView
  /** Offset of the first record in `view`, and the distance between records in bytes. */
  offset: number
  stride: number
  /** Number of records. */
  records: number
  /** unix ms, by the exporter's clock. */
  exportMs: number
  /** The exporter's uptime at exportMs, ms mod 2^32. */
  uptimeMs: number
  receivedMs: number
  /** What an uptime of 0 reads as (unix ms), if it means that there is no time; else 0. */
  zeroUptimeMs: number
  /** No valid time is later: unix ms; -1 if all times must be checked. */
  latestMs: number
  /** Common to all rows: domain, exporter (lower half), sampling rate or 0 for none. */
  domain: number
  exporterUpper: number
  exporterLower: number
  rate: number
  /** Counted by steps; the caller takes it over. */
  countersTooLarge: number
  /** Set by groups (see groups.ts): sums, whether a row needs a second look, protocols as bits mod 32. */
  octets: number
  packets: number
  isOdd: boolean
  protocolBits: number
}

/** A batch of no records, to be filled for each set. */
export function emptyBatch(): Batch {
  return {
    view: new DataView(new ArrayBuffer(0)),
    offset: 0,
    stride: 0,
    records: 0,
    exportMs: 0,
    uptimeMs: 0,
    receivedMs: 0,
    zeroUptimeMs: 0,
    latestMs: 0,
    domain: 0,
    exporterUpper: 0,
    exporterLower: 0,
    rate: 0,
    countersTooLarge: 0,
    octets: 0,
    packets: 0,
    isOdd: false,
    protocolBits: 0,
  }
}

/**
 * The position of a field in its record. After a variable-length field, it is set anew for each
 * record.
 */
export interface Place {
  offset: number
  length: number
}

/** Reads one field of all records of a batch into rows [row, row + records) of its column. */
export type Step = (batch: Batch, row: number) => void

/** An address as two columns of two words per row (see flow/columns.ts). */
export interface AddressColumns {
  high: Uint32Array
  low: Uint32Array
}

export type NumberArray = Uint8Array | Uint16Array | Uint32Array | Float64Array
