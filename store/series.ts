/**
 * The series store: totals of each step of each tier, behind one interface that every store
 * (Parquet files, InfluxDB, a cluster) keeps to. test/store/contract.ts is its specification.
 *
 * Times are unix ms and aligned to the tier's step. Rows are columns throughout.
 */
import type { Tier } from '../flow/interval.ts'
import type { AlsoStatus, StoreStatus } from '../flow/status.ts'
import type { FieldName, MeasurementName, TagName, UnknownReason } from './measurement.ts'

/** One figure a row for each field. */
export type FieldColumns = Record<FieldName, Float64Array>

/**
 * Rows of one measurement for one exporter and one step. `tags` has one array for each tag of the
 * measurement; the row of key `other` stands for what was cut.
 */
export interface MeasurementRows {
  measurement: MeasurementName
  count: number
  tags: Partial<Record<TagName, string[]>>
  sum: FieldColumns
  /** Consolidated tiers only: greatest 5-minute value, unknown part, known intervals (see measurement.ts). */
  max?: FieldColumns
  unknown?: FieldColumns
  known?: Float64Array
}

/** What is known of one exporter in one step: the measurement `coverage`. */
export interface Coverage {
  time: number
  exporter: string
  /** Known 5-minute intervals in the step, as a whole number (0 or 1 in the 5-minute tier). */
  known: number
  /** 5-minute intervals of the step that are unknown, by reason; `not-seen` ones need not be stored. */
  unknown: Partial<Record<UnknownReason, number>>
  datagrams: number
  lostFlows: number
  lostFlowsEstimated: boolean
  /** Set while the step is still open: until when (unix ms) it has been counted. */
  openUntil?: number
}

/** Everything of one exporter in one step. Writing it again replaces all that was there. */
export interface StepRows {
  coverage: Coverage
  measurements: MeasurementRows[]
  /**
   * Of a coarser step, where several collectors write into one store: how much of all that they wrote
   * it was made of. Of two makings of a step the one that saw more counts; see OtherCollectors.views.
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

/** A key of an answer: the tags asked for, and `exporter` where rows are kept apart by it. */
export type SeriesKey = Partial<Record<TagName | 'exporter', string>>

export interface TopQuery extends SeriesRange {
  measurement: MeasurementName
  by: readonly (TagName | 'exporter')[]
  order: FieldName
  limit: number
  /** The fields asked for; the others may be 0 (`order` never is). Absent: all. Fewer are faster. */
  fields?: readonly FieldName[] | undefined
}

/** The greatest keys of a range by the sum of a field, greatest first; ties by key; never `other`. */
export type TopRows = { key: SeriesKey; sum: Record<FieldName, number> }[]

export interface ReadQuery extends SeriesRange {
  measurement: MeasurementName
  by: readonly (TagName | 'exporter')[]
  /** The keys to keep apart; everything else is folded (see SeriesRead.key). */
  keys: readonly SeriesKey[]
  /**
   * False: the rows that are not listed may be left out (the stored `other` rows not), so that a
   * store need only look at the keys. Absent or true: they are folded and given.
   */
  rest?: boolean | undefined
  /** The fields asked for; the columns of the others may be 0. Absent: all. Fewer are faster. */
  fields?: readonly FieldName[] | undefined
  /** True: of the 5-minute tier only the sums are asked for; max, unknown and known may be 0. */
  sumsOnly?: boolean | undefined
}

/**
 * One row a (time, exporter, key), times ascending. Where several stored rows fold into one, sums
 * and maxima are added, and `parts` says how many: a maximum of more than one part is a bound.
 * `known` is the greatest of theirs. Where `by` has no tag that could be `other`, the stored `other`
 * rows count as what their tags say.
 */
export interface SeriesRead {
  count: number
  time: Float64Array
  /** Index into `exporters`. */
  exporter: Uint32Array
  exporters: string[]
  /**
   * Index into the query's keys; keys.length for all rows that are not listed; keys.length + 1 for
   * the stored `other` rows, whose presence makes an absent key unknown and not 0.
   */
  key: Int32Array
  sum: FieldColumns
  max: FieldColumns
  unknown: FieldColumns
  known: Float64Array
  parts: Uint32Array
}

/** What is stored of one 5-minute step of an exporter, in versions that grow, over all collectors. */
export interface StepView {
  time: number
  exporter: string
  /** The sum of what each collector's newest version is called. */
  seen: number
  /** Whether another collector has written of it. */
  isShared: boolean
}

/**
 * The other collectors that write into the same store: an exporter may move from one to another, and
 * then a coarser step is made of what all of them wrote, by any of them. Since each first writes what
 * it has and then looks at all, of two makings the one that saw more saw all that the other did.
 */
export interface OtherCollectors {
  /** Resolves when the others can see all that was written here, or after so long. */
  shown(msMax: number): Promise<void>
  /** Whether the others can see all that was written here of a range. */
  isShown(range: SeriesRange): boolean
  /** How the 5-minute steps of a range stand. */
  views(range: SeriesRange): Promise<StepView[]>
  /** What the others wrote of an exporter, as one step each. */
  steps(range: SeriesRange & { exporter: string }): AsyncIterable<StepRows>
}

export interface SeriesStore {
  /** Replaces the given (exporter, step)s of a tier, atomically for readers, durably when it resolves. */
  write(tier: Tier, steps: readonly StepRows[]): Promise<void>
  /** The stored rows of one exporter in a range, step by step, for consolidation. Absent steps are left out. */
  steps(range: SeriesRange & { exporter: string }): AsyncIterable<StepRows>
  coverage(range: SeriesRange): Promise<Coverage[]>
  top(query: TopQuery): Promise<TopRows>
  read(query: ReadQuery): Promise<SeriesRead>
  /** First and last step that is stored in a tier, unix ms, or null where it is empty. */
  extent(tier: Tier): Promise<{ from: number; to: number } | null>
  /** Deletes what lies wholly before `before` (unix ms). Counts back from the newest step, not the clock. */
  expire(tier: Tier, before: number): Promise<void>
  /** Resolves when other processes can read all that was written; at once where they always can. */
  settled?(): Promise<void>
  /** Absent where nobody else writes into the store. */
  others?: OtherCollectors
  /** How it stands with a store that is another machine's; stores of files leave it out. */
  status?(): StoreStatus
  /** Where there are two stores at once: begins to copy what the second lacks, and how it stands. */
  follow?(): void
  also?(): AlsoStatus
  close(): Promise<void>
}

/** What can be asked, and never changed. */
export type SeriesReader = Pick<
  SeriesStore,
  'steps' | 'coverage' | 'top' | 'read' | 'extent' | 'close'
> & {
  /** Files left out because they could not be read; stores of another kind leave it out. */
  problems?(): readonly { file: string; reason: string }[]
}
