/** What the steps of a template work on: the records of one data set, and when they were exported. */

/** One object, used again for every set, so that the hot loops see one shape. */
export interface Batch {
  view: DataView
  /** Offset of the first record in `view`, and bytes from one to the next. */
  offset: number
  stride: number
  /** Number of records. */
  records: number
  /** unix ms, in the exporter's own clock. */
  exportMs: number
  /** The exporter's uptime at exportMs, ms mod 2^32. */
  uptimeMs: number
  receivedMs: number
  /** What an uptime of 0 is read as (unix ms), where it says that none was kept; else 0. */
  unsaidMs: number
  /** No time may be later: unix ms; -1 where all times must be looked at. */
  latestMs: number
  /** What all rows have in common: domain, exporter (lower half), sampling rate or 0 for none. */
  domain: number
  exporterUpper: number
  exporterLower: number
  rate: number
  /** Found by steps, taken over by whoever ran them. */
  countersTooLarge: number
  /** Found by groups (see groups.ts): sums, whether a row needs a second look, protocols as bits mod 32. */
  octets: number
  packets: number
  isOdd: boolean
  protocolBits: number
}

/** Where a field lies in its record. Of fields behind one of variable length, set anew for each record. */
export interface Place {
  offset: number
  length: number
}

/** Reads one field of all records of a batch into rows [row, row + records) of its column. */
export type Step = (batch: Batch, row: number) => void

/** Address as two columns of two words a row (see flow/columns.ts). */
export interface AddressColumns {
  high: Uint32Array
  low: Uint32Array
}

export type NumberArray = Uint8Array | Uint16Array | Uint32Array | Float64Array
