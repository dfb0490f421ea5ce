/** What a scan is asked to find out, as it goes to the threads. */
import type { FlowColumns } from '../../../flow/columns.ts'
import type { FlowSums, FlowTopQuery, FlowWindow, TopKeyName } from '../../flows.ts'
import type { FieldName } from '../../measurement.ts'
import type { PlacedSums } from '../answer/series-answer.ts'
import type { SelectedGroup } from './selected-group.ts'

export type ScannedWindow = Pick<FlowWindow, 'from' | 'to' | 'include' | 'filter'>

/** Values of keys by column, as Chosen has them. */
export type KeyValues = readonly (readonly bigint[])[]

/** The greatest keys, for a top table or for a series: see FlowTopQuery and FlowSeriesQuery. */
export interface RankingAsked {
  kind: 'ranking'
  window: ScannedWindow
  by: readonly TopKeyName[]
  order:
    | { of: 'top'; by: Exclude<FlowTopQuery['order'], 'peers'> }
    | { of: 'series'; by: FieldName }
  count: number
  /** By bucket (see key-buckets.ts) whether its keys are told apart; all are where it is not given. */
  among?: Uint8Array
}

/** What all keys came to, by buckets. */
export interface BucketsAsked {
  kind: 'buckets'
  window: ScannedWindow
  by: readonly TopKeyName[]
  order: RankingAsked['order']
}

/** The greatest keys, greatest first, equals by their columns. */
export interface RankingFound {
  keys: KeyValues
  /** By key, what it is ranked by. */
  ranked: number[]
  /** Of the greatest key that is not among them; 0 where all are. */
  next: number
}

/** What some keys came to. */
export interface DetailsAsked {
  kind: 'details'
  window: ScannedWindow
  by: readonly TopKeyName[]
  keys: KeyValues
}

/** By place of the key. */
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

/** Sums by step, of some keys and all others. */
export interface StepsAsked {
  kind: 'steps'
  window: ScannedWindow & { stepMs: number; only: FieldName | undefined }
  by: readonly TopKeyName[]
  /** Null: all flows have the one key that is none. */
  keys: KeyValues | null
  hasDirection: boolean
}

/** How many flows belong to a window and pass its filter, or all of them. */
export interface RowsAsked {
  kind: 'count' | 'rows'
  window: ScannedWindow
}

export type ScanAsked = RankingAsked | BucketsAsked | DetailsAsked | StepsAsked | RowsAsked

/** What is found of what is asked. */
export interface ScanFound {
  ranking: RankingFound
  buckets: Float64Array
  details: DetailsFound
  steps: PlacedSums
  count: number
  /** In several parts, in memory that threads can share. */
  rows: FlowColumns[]
}

/** Something that adds up row groups, and what another thread added up of others. */
export interface Scan<Packed, Found> {
  /** How many keys it tells apart. */
  readonly keys: number
  take(selected: SelectedGroup): void
  /** What was added up, to be handed to another thread: nothing is taken any more. */
  pack(): Packed
  merge(packed: Packed): void
  found(): Found
}
