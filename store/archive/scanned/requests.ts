/** Scan requests as sent to the threads. */
import type { FlowColumns } from '../../../flow/columns.ts'
import type { FlowSums, FlowTopQuery, FlowWindow, TopKeyName } from '../../flows.ts'
import type { FieldName } from '../../measurement.ts'
import type { PlacedSums } from '../answer/series-answer.ts'
import type { SelectedGroup } from './selected-group.ts'

export type ScannedWindow = Pick<FlowWindow, 'from' | 'to' | 'include' | 'filter'>

/** Values of keys by column, as in Chosen. */
export type KeyValues = readonly (readonly bigint[])[]

/** The largest keys, for a top table or a series: see FlowTopQuery and FlowSeriesQuery. */
export interface RankingQuery {
  kind: 'ranking'
  window: ScannedWindow
  by: readonly TopKeyName[]
  order:
    | { of: 'top'; by: Exclude<FlowTopQuery['order'], 'peers'> }
    | { of: 'series'; by: FieldName }
  count: number
  /** By bucket (see key-buckets.ts), whether its keys are distinguished; if absent, all are. */
  among?: Uint8Array
}

/** The sums of all keys, by bucket. */
export interface BucketsQuery {
  kind: 'buckets'
  window: ScannedWindow
  by: readonly TopKeyName[]
  order: RankingQuery['order']
}

/** The largest keys, descending; ties by their columns. */
export interface RankingFound {
  keys: KeyValues
  /** By key, the amount it is ranked by. */
  ranked: number[]
  /** The amount of the largest key not listed; 0 if all are listed. */
  next: number
}

/** The sums of given keys. */
export interface DetailsQuery {
  kind: 'details'
  window: ScannedWindow
  by: readonly TopKeyName[]
  keys: KeyValues
}

/** By index of the key. */
export interface DetailsFound {
  bytes: Float64Array
  packets: Float64Array
  flows: Float64Array
  peers: Float64Array
  /** unix ms */
  first: Float64Array
  last: Float64Array
  /** Of all flows, each counted for each of its ends. */
  total: FlowSums
}

/** Sums by step, of given keys and all others. */
export interface StepsQuery {
  kind: 'steps'
  window: ScannedWindow & { stepMs: number; only: FieldName | undefined }
  by: readonly TopKeyName[]
  /** Null: all flows have the one empty key. */
  keys: KeyValues | null
  hasDirection: boolean
}

/** The number of flows that belong to a window and pass its filter, or those flows themselves. */
interface RowsQuery {
  kind: 'count' | 'rows'
  window: ScannedWindow
}

export type ScanQuery = RankingQuery | BucketsQuery | DetailsQuery | StepsQuery | RowsQuery

/** The result of each kind of request. */
export interface ScanFound {
  ranking: RankingFound
  buckets: Float64Array
  details: DetailsFound
  steps: PlacedSums
  count: number
  /** In several parts, in memory shared between threads. */
  rows: FlowColumns[]
}

/** Accumulates row groups, and the results of other threads. */
export interface Scan<Packed, Found> {
  /** The number of keys it distinguishes. */
  readonly keys: number
  take(selected: SelectedGroup): void
  /** Adds the row group of this name, all of whose flows are within the window, if what it adds up to is kept. */
  takeKept?: (group: string) => boolean
  /** The result so far, for another thread; nothing can be added afterwards. */
  pack(): Packed
  merge(packed: Packed): void
  found(): Found
}
