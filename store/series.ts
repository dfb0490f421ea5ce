/**
 * The series store: totals of each step of each tier, behind one interface that every store
 * (Parquet files, InfluxDB, ClickHouse) implements. test/store/series-contract.ts is its
 * specification.
 *
 * Times are unix ms and aligned to the tier's step. Rows are columns throughout.
 */
import type { Tier } from '../flow/interval.ts'
import type { AlsoStatus, StoreStatus } from '../flow/status.ts'
import type { FieldName, MeasurementName, TagName, UnknownReason } from './measurement.ts'

/** One figure per row for each field. */
export type FieldColumns = Record<FieldName, Float64Array>

/**
 * Rows of one measurement for one exporter and one step. `tags` has one array for each tag of the
 * measurement; the row with key `other` stands for what was cut.
 */
export interface MeasurementRows {
  measurement: MeasurementName
  count: number
  tags: Partial<Record<TagName, string[]>>
  sum: FieldColumns
  /** Consolidated tiers only: highest 5-minute value, unknown part, known intervals (see measurement.ts). */
  max?: FieldColumns
  unknown?: FieldColumns
  known?: Float64Array
}

/** The coverage of one exporter in one step: the measurement `coverage`. */
export interface Coverage {
  time: number
  exporter: string
  /** Known 5-minute intervals in the step, as an integer (0 or 1 in the 5-minute tier). */
  known: number
  /** Unknown 5-minute intervals of the step, by reason; `not-seen` need not be stored. */
  unknown: Partial<Record<UnknownReason, number>>
  datagrams: number
  lostFlows: number
  lostFlowsEstimated: boolean
  /** Set while the step is still open: the time (unix ms) up to which it was counted. */
  openUntil?: number
}

/** All data of one exporter in one step. Writing it again replaces everything. */
export interface StepRows {
  coverage: Coverage
  measurements: MeasurementRows[]
  /**
   * For coarser steps if several collectors write to one store: how much of everything they wrote it
   * was built from, as the sum of StepView.versionSum. Of two builds of a step the one that saw more
   * counts. Stored under this name, in the spool too.
   */
  seen?: number
}

export interface SeriesRange {
  tier: Tier
  /** [from, to), unix ms, aligned to the tier's step. */
  from: number
  to: number
  /** Absent: all exporters. */
  exporters?: readonly string[] | undefined
}

/** A key of an answer: the tags asked for, and `exporter` if rows are split by it. */
export type SeriesKey = Partial<Record<TagName | 'exporter', string>>

export interface TopQuery extends SeriesRange {
  measurement: MeasurementName
  by: readonly (TagName | 'exporter')[]
  order: FieldName
  limit: number
  /** The requested fields; others may be 0 (`order` never is). Absent: all. Fewer are faster. */
  fields?: readonly FieldName[] | undefined
}

/** The largest keys of a range by the sum of a field, descending; ties by key; never `other`. */
export type TopRows = { key: SeriesKey; sum: Record<FieldName, number> }[]

export interface ReadQuery extends SeriesRange {
  measurement: MeasurementName
  by: readonly (TagName | 'exporter')[]
  /** The keys to list separately; everything else is folded (see SeriesRead.key). */
  keys: readonly SeriesKey[]
  /**
   * False: unlisted rows may be left out (but not the stored `other` rows), so that a store need
   * only look at the keys. Absent or true: they are folded and returned.
   */
  rest?: boolean | undefined
  /** The requested fields; columns of others may be 0. Absent: all. Fewer are faster. */
  fields?: readonly FieldName[] | undefined
  /** True: only the sums are wanted from the 5-minute tier; max, unknown and known may be 0. */
  sumsOnly?: boolean | undefined
}

/**
 * One row per (time, exporter, key), times ascending. If several stored rows fold into one, their
 * sums and maxima are added, and `parts` says how many: a maximum of more than one part is an upper
 * bound. `known` is their greatest. If `by` has no tag that could be `other`, the stored `other`
 * rows count by their tags.
 */
export interface SeriesRead {
  count: number
  time: Float64Array
  /** Index into `exporters`. */
  exporter: Uint32Array
  exporters: string[]
  /**
   * Index into the query's keys; keys.length for all unlisted rows; keys.length + 1 for the stored
   * `other` rows, whose presence makes an absent key unknown rather than 0.
   */
  key: Int32Array
  sum: FieldColumns
  max: FieldColumns
  unknown: FieldColumns
  known: Float64Array
  parts: Uint32Array
}

/** What is stored of one 5-minute step of an exporter over all collectors; versions only grow. */
export interface StepView {
  time: number
  exporter: string
  /** The sum of the version numbers of each collector's newest version. */
  versionSum: number
  /** Whether another collector has written to it. */
  isShared: boolean
}

/**
 * The other collectors that write to the same store: an exporter may move from one to another, and
 * then any of them builds a coarser step from what all of them wrote. Since each first writes its own
 * data and then reads all, of two builds the one that saw more saw everything the other did.
 */
export interface OtherCollectors {
  /** Resolves when the others can see everything written here, or after `msMax`. */
  shown(msMax: number): Promise<void>
  /** Whether the others can see everything written here of a range. */
  isShown(range: SeriesRange): boolean
  /** The state of the 5-minute steps of a range. */
  views(range: SeriesRange): Promise<StepView[]>
  /** What the others wrote of an exporter, merged into one step each. */
  steps(range: SeriesRange & { exporter: string }): AsyncIterable<StepRows>
}

export interface SeriesStore {
  /** Replaces the given (exporter, step)s of a tier, atomically for readers; durable when it resolves. */
  write(tier: Tier, steps: readonly StepRows[]): Promise<void>
  /** The stored rows of one exporter in a range, step by step, for consolidation. Absent steps are skipped. */
  steps(range: SeriesRange & { exporter: string }): AsyncIterable<StepRows>
  coverage(range: SeriesRange): Promise<Coverage[]>
  top(query: TopQuery): Promise<TopRows>
  read(query: ReadQuery): Promise<SeriesRead>
  /** First and last stored step of a tier, unix ms, or null if it is empty. */
  extent(tier: Tier): Promise<{ from: number; to: number } | null>
  /**
   * Deletes everything wholly before `before` (unix ms). Counts back from the newest step, not the clock.
   */
  expire(tier: Tier, before: number): Promise<void>
  /** Resolves when other processes can read everything written; absent if they always can. */
  settled?(): Promise<void>
  /** Absent if nobody else writes to the store. */
  others?: OtherCollectors
  /** The status of a store on another machine; absent for files. */
  status?(): StoreStatus
  /**
   * Why files of the series could not be joined when that was last tried; null if they could,
   * absent for other kinds of store.
   */
  unjoined?(): string | null
  /** The process is about to end: queries of another machine fail unless answered within seconds. */
  endSoon?(): void
  /** With two stores at once: starts copying what the second lacks; and the second's status. */
  follow?(): void
  also?(): AlsoStatus
  close(): Promise<void>
}

/** The read-only part of a series store. */
export type SeriesReader = Pick<
  SeriesStore,
  'steps' | 'coverage' | 'top' | 'read' | 'extent' | 'close'
> & {
  /** A sentence for each file that is left out because it cannot be read; absent for other kinds of store. */
  problems?(): Promise<readonly string[]>
}
