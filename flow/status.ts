/** The status of ingest and its exporters; stored in the data folder, served by the API. */

/** Datagrams and flows missing by sequence numbers. `flows` is an estimate for v9. */
export interface Lost {
  datagrams: number
  flows: number
  flowsEstimated: boolean
}

/** Losses and restarts that were counted and turned out to be none. */
export interface TakenBack {
  datagrams: number
  flows: number
  restarts: number
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
  /** The other exporter's address, or the exporter's own if it reports flows both on ingress and egress. */
  with: string
  /** Share of its flows, 0 to 1. */
  share: number
}

/** One exporter, as in /api/exporters. Times are unix seconds. */
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
  /** Flows not stored because WEIR_NAMES excludes them. */
  flowsLeftOut: number
  /** Data sets that arrived before their template and waited for it. */
  parked: number
  lost: Lost
  /**
   * No longer in `lost` and `restarts`: what arrived late, or another collector received. Together
   * with them it never decreases. Absent in what older versions kept.
   */
  takenBack?: TakenBack
  duplicates: number
  reordered: number
  restarts: number
  /** Bad input by reason; only reasons that occurred. */
  problems: Record<string, number>
  /** Current sampling interval; null if the exporter samples without reporting its interval. */
  sampling: number | null
  clockSkewSeconds: number | null
  interfaces: InterfaceName[]
  /** Application names by their numbers in flows, from options data. */
  applications: Record<string, string>
  vrfs: Record<string, string>
  /** Exporters that report the same flows, as far as compared. */
  doubled: DoubledExport[]
  /** The exporter's own export statistics, by IPFIX name: totals since its start. */
  statistics: Record<string, number>
}

/** A source that is not on the allow-list. */
export interface RefusedSource {
  address: string
  datagrams: number
  lastSeen: number
}

/** A problem to look into, and its remedy. */
export interface Warning {
  what: string
  remedy: string
}

/** The state of a remote series store. Times are unix seconds. */
export interface StoreStatus {
  kind: 'influx' | 'clickhouse'
  url: string
  /** Why the store accepts nothing now, and when to retry; null if all is well. */
  waiting: { reason: string; remedy: string; since: number; retryAt: number } | null
  /** Data on disk waiting to be sent; `oldest` is the start of the earliest step. */
  spool: { steps: number; bytes: number; bytesMax: number; oldest: number | null }
  /** Since the spool was created: points accepted, and points that were not, by reason. */
  points: {
    sent: number
    /** Older than the bucket's retention. */
    refusedByRetention: number
    /** Refused for another reason, such as a changed field type. */
    refused: number
    /** Not parsable by the store: kept in a file. */
    quarantined: number
    /** Dropped from the spool because it was full, or because the disk no longer read them. */
    dropped: number
  }
  /**
   * The time of dropped steps, in order within a tier; what is written again (weir rebuild) or
   * older than the tier keeps is not in it.
   */
  missing: { tier: string; from: number; to: number }[]
  /** When the store last did not take points, by reason; absent: never. */
  notTakenAt: { refusedByRetention?: number; refused?: number; quarantined?: number }
  requests: { inFlight: number; sent: number; failed: number }
  lastError: string | null
}

/** The state of a second series store written in parallel. Times are unix seconds. */
export interface AlsoStatus {
  kind: 'parquet' | 'clickhouse'
  /** By tier, the time up to which both stores were compared and found equal; 0 if not yet. */
  through: Record<string, number>
  /** Steps that it refused, to be copied to it later. */
  owed: number
  lastError: string | null
  /** If it is remote. */
  store?: StoreStatus
}

/** The state of sending the archive's closed files. Times are unix seconds. */
export interface ShippingStatus {
  waiting: number
  /** The start of the earliest waiting interval. */
  oldest: number | null
  /** Archive files already sent. */
  sent: number
  /** Flows older than the store's retention, and when there were some last; null: never. */
  refusedByRetention: number
  refusedAt: number | null
  lastError: string | null
}

/** The state of incident detection, in 5-minute intervals. */
export interface IncidentsStatus {
  waiting: number
  judged: number
  /** Never judged, because too many were waiting. */
  dropped: number
  /** Judged without their surroundings, because there were too many flows. */
  notWhole: number
  /** Why the last run failed; it will be retried. */
  lastError: string | null
}

/** The status of ingest. Times are unix seconds. */
export interface IngestStatus {
  running: boolean
  startedAt: number
  exporters: ExporterStatus[]
  refused: RefusedSource[]
  refusedDatagrams: number
  /** Where routers reach it, IPv4 first. */
  addresses?: string[]
  sockets: { address: string; receiveBufferBytes: number; kernelDrops: number | null }[]
  journal: { datagrams: number; bytes: number; dropped: number; lastError: string | null } | null
  /** For how long the disk has kept the thread that receives waiting; absent: it does not. */
  stalledSeconds?: number
  /** Flows handed to the archive since the start, and those too old for the series. */
  flows: number
  flowsTooLate: number
  /** Datagrams journalled but not yet counted, and how far counting lags behind. */
  waiting?: { datagrams: number; seconds: number }
  /** Datagrams dropped because the backlog was full. */
  overflowed?: number
  /** Exporters forgotten, and samples of interface counters ignored, at their limits since the start. */
  overLimit?: { exporters: number; interfaceCounters: number }
  /** Interface counters that were reset since the start. */
  counterResets?: number
  /** When flows were last published, and when series were last written. */
  publishedAt: number | null
  seriesWrittenAt: number | null
  /** Intervals whose series must be rebuilt. */
  redo: number
  incidents?: IncidentsStatus
  memoryBytes: number
  /** Free space on the data volume. */
  diskFreePercent?: number | null
  /** Trackers being backfilled (5-minute intervals), and those that cannot be followed, by id. */
  trackers?: {
    progress: Record<string, { done: number; of: number }>
    problems: Record<string, string>
  }
  /** Absent if series are stored in files. */
  store?: StoreStatus
  /** If series are also written to a second store. */
  also?: AlsoStatus
  /** If flows are also sent to another machine: how much of the archive is there. */
  shipping?: ShippingStatus
  /** The state of alerts, by id; `at` in unix seconds. */
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
