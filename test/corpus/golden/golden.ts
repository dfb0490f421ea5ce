/** Another decoder's result for a case, in one form for all sources. */
/**
 * What is compared: the archive's columns by name (an address without High and Low), a flow's duration
 * (`durationMs`), and a wireless client (`stationAddress`), which is one end or the other, depending on
 * the flow's direction.
 */
export type ComparedField = string

/** As in the archive: a number, or an address as text ('' for none). */
export type GoldenValue = number | string

/**
 * A record's values, by field. If several of its elements give the same field, in order of
 * preference; repetitions of one element, such as reverse elements, in record order.
 */
export type FieldMap = Map<ComparedField, GoldenValue[]>

export interface GoldenRecord {
  /** Index of its datagram in the case, or null if the source does not give it. */
  datagram: number | null
  /** Id of its set, or null if the source does not give it or there are no sets. */
  setId: number | null
  byField: FieldMap
}

/** Sums of bytes and packets by the common values of a group's flows. */
export interface GoldenGroup {
  byField: FieldMap
  octets: number
  packets: number
}

/** Values of one field over all records of a datagram, unordered, including those of options records. */
export interface GoldenColumn {
  datagram: number
  field: ComparedField
  values: GoldenValue[]
}

/** An sFlow agent's counters of one interface. */
export interface GoldenCounters {
  datagram: number | null
  index: number
  octetsIn: number
  octetsOut: number
}

export interface Golden {
  /** File, relative to the case. */
  source: string
  records: GoldenRecord[]
  groups: GoldenGroup[]
  columns: GoldenColumn[]
  counters: GoldenCounters[]
  /** Number of exporters in the groups; 0: unknown. */
  exporters: number
  /** The groups' sums are unscaled counts, before applying the sampling rate. */
  isUnscaled: boolean
  /** Datagrams in which its decoder failed. */
  gaveUp: Set<number>
  /** All records, including options records, if the source counts more than it lists. */
  recordCount: number | null
  /** It lists every record, so that a row missing from it is a difference; else some, or none. */
  listsAll: boolean
}

export function emptyGolden(source: string): Golden {
  return {
    source,
    records: [],
    groups: [],
    columns: [],
    counters: [],
    exporters: 0,
    isUnscaled: false,
    gaveUp: new Set(),
    recordCount: null,
    listsAll: false,
  }
}
