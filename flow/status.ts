/** What ingest says of itself and its exporters; kept in the data folder, served by the API. */

/** Datagrams and flows that sequence numbers show to be missing. `flows` is an estimate for v9. */
export interface Lost {
  datagrams: number
  flows: number
  flowsEstimated: boolean
}

export interface InterfaceName {
  index: number
  name: string | null
  alias: string | null
  /** bits per second */
  speed: number | null
}

/** Flows that are reported twice. */
export interface DoubledExport {
  /** The other exporter's address, or the exporter's own: then it reports them coming in and going out. */
  with: string
  /** Share of its flows, 0 to 1. */
  share: number
}

/** One exporter, as /api/exporters gives it. Times are unix seconds. */
export interface ExporterStatus {
  address: string
  name: string | null
  versions: string[]
  domains: number[]
  firstSeen: number
  lastSeen: number
  datagrams: number
  flows: number
  packets: number
  bytes: number
  /** Flows that were not stored because WEIR_NAMES says that they do not count. */
  flowsLeftOut: number
  /** Data sets that came before their template and waited for it. */
  parked: number
  lost: Lost
  duplicates: number
  reordered: number
  restarts: number
  /** Bad input by reason; only reasons that occurred. */
  problems: Record<string, number>
  /** Sampling in force, one of so many packets; null when the exporter samples and does not say how. */
  sampling: number | null
  clockSkewSeconds: number | null
  interfaces: InterfaceName[]
  /** Names by the numbers that flows carry, as options data told them. */
  applications: Record<string, string>
  vrfs: Record<string, string>
  /** Who reports the same flows, of those that could be compared. */
  doubled: DoubledExport[]
  /** What the exporter says of its own export, by IPFIX name: totals since its start. */
  statistics: Record<string, number>
}

/** A source that is not on the allow-list. */
export interface RefusedSource {
  address: string
  datagrams: number
  lastSeen: number
}

/** A thing to look at, and what to do about it. */
export interface Warning {
  what: string
  remedy: string
}

/** How it stands with a series store on another machine. Times are unix seconds. */
export interface StoreStatus {
  kind: 'influx' | 'clickhouse'
  url: string
  /** Why nothing is being taken now, and when it is tried again; null where all is well. */
  waiting: { reason: string; remedy: string; since: number; retryAt: number } | null
  /** What waits on disk to be sent; `oldest` is the start of the earliest step. */
  spool: { steps: number; bytes: number; bytesMax: number; oldest: number | null }
  /** Since the spool was made: points taken, and points that were not, by reason. */
  points: {
    sent: number
    /** Older than the bucket keeps. */
    refusedByRetention: number
    /** Refused for another reason, such as a field that was once of another type. */
    refused: number
    /** Could not be read by the store: kept in a file. */
    quarantined: number
    /** Left out because the spool was full. */
    dropped: number
  }
  requests: { inFlight: number; sent: number; failed: number }
  lastError: string | null
}

/** How a second store stands, to which series are written too. Times are unix seconds. */
export interface AlsoStatus {
  kind: 'parquet' | 'clickhouse'
  /** By tier, up to when both were compared and found equal; 0 where nothing was yet. */
  through: Record<string, number>
  /** Steps that it would not take, and that are copied to it later. */
  owed: number
  lastError: string | null
  /** Where it is on another machine. */
  store?: StoreStatus
}

/** How the sending of the archive's closed files stands. Times are unix seconds. */
export interface ShippingStatus {
  waiting: number
  /** The start of the earliest interval that waits. */
  oldest: number | null
  /** Files of the archive that are there. */
  sent: number
  /** Flows that were older than the store keeps. */
  refusedByRetention: number
  lastError: string | null
}

/** How the looking for incidents stands: in 5-minute intervals. */
export interface IncidentsStatus {
  waiting: number
  judged: number
  letGo: number
  /** With too many flows to be looked at with what came before and after. */
  notWhole: number
  /** Why the last judging failed; it is tried again. */
  lastError: string | null
}

/** What ingest says of itself. Times are unix seconds. */
export interface IngestStatus {
  running: boolean
  startedAt: number
  exporters: ExporterStatus[]
  refused: RefusedSource[]
  refusedDatagrams: number
  sockets: { address: string; receiveBufferBytes: number; kernelDrops: number | null }[]
  journal: { datagrams: number; bytes: number; dropped: number; lastError: string | null } | null
  /** Flows handed to the archive since the start, and those that were too old for the series. */
  flows: number
  flowsTooLate: number
  /** Datagrams that are journalled and not counted yet, and by how much what is counted is behind. */
  waiting?: { datagrams: number; seconds: number }
  /** Datagrams let go because more waited than may. */
  overflowed?: number
  /** What was let go because there was too much, since the start, and counters that began anew. */
  letGo?: { exporters: number; interfaceCounters: number; counterResets: number }
  /** When flows were last published, and when series were last written. */
  publishedAt: number | null
  seriesWrittenAt: number | null
  /** Intervals whose series wait to be made again. */
  redo: number
  /** Intervals that wait to be judged, were judged since the start, and were let go because too many waited. */
  incidents?: IncidentsStatus
  memoryBytes: number
  /** Room that is free where the data lie. */
  diskFreePercent?: number | null
  /** Trackers whose past is being made (5-minute intervals), and those that cannot be followed, by id. */
  trackers?: {
    progress: Record<string, { done: number; of: number }>
    problems: Record<string, string>
  }
  /** Left out where series are kept in files. */
  store?: StoreStatus
  /** Where series are written to a second store too. */
  also?: AlsoStatus
  /** Where flows are kept on another machine too: what of the archive is there. */
  shipping?: ShippingStatus
  /** How alerts stand, by id; `at` in unix seconds. */
  alerts?: Record<
    string,
    {
      is: 'waiting' | 'well' | 'amiss' | 'told' | 'problem'
      value: number | null
      at: number | null
      problem: string | null
    }
  >
  warnings: Warning[]
}
