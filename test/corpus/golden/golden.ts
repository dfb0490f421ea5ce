/** What another decoder said of a case, in one form for all sources. */
/**
 * What is compared: the archive's columns by their names (an address without High and Low), , a flow's
 * duration (`durationMs`), and a wireless client (`stationAddress`), which is the one end or the other by
 * the flow's direction.
 */
export type ComparedField = string

/** As the archive has it: a number, or an address as text ('' for none). */
export type GoldenValue = number | string

/**
 * What a record says, by field. Where several of its elements say the same thing, in the order in
 * which they are preferred; those that repeat one element, as reverse elements do, in its order.
 */
export type Said = Map<ComparedField, GoldenValue[]>

export interface GoldenRecord {
  /** Place of its datagram in the case, or null where the source does not say. */
  datagram: number | null
  /** Id of its set, or null where the source does not say or there are no sets. */
  setId: number | null
  said: Said
}

/** Sums of bytes and packets by what the flows of a group have in common. */
export interface GoldenGroup {
  said: Said
  octets: number
  packets: number
}

/** Values of one field of all records of a datagram, in no order, those of options records among them. */
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
  /** Exporters that the groups are of; 0: not told. */
  exporters: number
  /** The groups' sums are of what was counted, before scaling by the sampling rate. */
  isUnscaled: boolean
  /** Datagrams in which its decoder gave up. */
  gaveUp: Set<number>
  /** Records in all, options records included, where the source counts more than it lists. */
  recordCount: number | null
  /** It lists every record, so that a row that it has not is a difference; else some, or none. */
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
