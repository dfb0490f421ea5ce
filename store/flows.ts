/**
 * The flow archive as the API asks it: one interface, answered by the Parquet archive (and later by
 * a cluster). Times are unix ms; windows and steps are [from, to); spreading is flow/spread.ts.
 */
import type { Filter } from '../flow/filter.ts'
import type { EventFlows } from '../flow/incident/flow-table.ts'
import type { ExporterBreak } from '../flow/incident/incident.ts'
import type { FieldName } from './measurement.ts'

/** The words by which series are split. */
export const seriesKeys = [
  'direction',
  'host',
  'port',
  'protocol',
  'interface',
  'exporter',
] as const
export type SeriesKeyName = (typeof seriesKeys)[number]

/** The words by which top tables are made. `pair` gives src and dst, `port` its protocol too. */
export const topKeys = [
  'src', 'dst', 'host', 'pair', 'srcport', 'dstport', 'anyport', 'port', 'protocol', 'in', 'out',
  'interface', 'exporter', 'as', 'srcas', 'dstas', 'tos', 'flags', 'nexthop', 'vlan',
  'application', 'prefix', 'srcprefix', 'dstprefix', 'dscp', 'mac', 'srcmac',
  'dstmac', 'sampling', 'direction',
] as const // prettier-ignore
export type TopKeyName = (typeof topKeys)[number]

/** Which flows belong to a window: any part in it (bytes pro rata), starts in it, ends in it, lies within it. */
export type Include = 'any' | 'start' | 'end' | 'within'

export interface FlowWindow {
  from: number
  to: number
  filter?: Filter | undefined
  include: Include
  /** Stops the query when the client has gone. */
  signal?: AbortSignal | undefined
  /** Told now and then, where it can be known, what share of the reading is done (0 to 1). */
  progress?: ((share: number) => void) | undefined
}

export interface FlowSeriesQuery extends FlowWindow {
  stepMs: number
  by: readonly SeriesKeyName[]
  /**
   * Greatest keys by the sum of `order` over the window, counted without direction: with
   * `host,direction` each of the greatest hosts keeps its in and its out. The rest is folded.
   */
  top: number
  order: FieldName
  /** The one field that is wanted: the others need not be added up, and may be 0. */
  only?: FieldName | undefined
  /** Only records that begin a connection count, as its opener sent them: their `flows` are connections opened. */
  connections?: boolean | undefined
}

/** Key values as text, by key word; `protocol` comes with `port`. */
export type FlowKey = Record<string, string | number>

/** How the rest of a cut list is kept apart where direction is asked for. */
export const restDirections = ['in', 'out', 'internal', 'transit'] as const

/**
 * Rows of (step, exporter, key). For the rest key is keys.length, or, with direction among `by`,
 * keys.length + the direction's place in restDirections. Steps without flows have no row.
 */
export interface FlowSeries {
  keys: FlowKey[]
  exporters: string[]
  count: number
  time: Float64Array
  exporter: Uint32Array
  key: Int32Array
  sum: Record<FieldName, Float64Array>
}

export interface FlowTopQuery extends FlowWindow {
  by: readonly TopKeyName[]
  /** `rate` is bytes over duration, `duration` from a key's first packet to its last; both within the window. */
  order: 'bytes' | 'packets' | 'flows' | 'peers' | 'rate' | 'duration'
  limit: number
}

export interface FlowTopRow {
  key: FlowKey
  bytes: number
  packets: number
  flows: number
  peers: number
  /** unix ms */
  first: number
  last: number
}

export interface FlowSums {
  bytes: number
  packets: number
  flows: number
}

export interface FlowTop {
  rows: FlowTopRow[]
  other: FlowSums
  /** Counts each flow `ends` times: 2 for host, anyport and interface-like keys that have two values a flow. */
  total: FlowSums
  ends: 1 | 2
}

export interface FlowListQuery extends FlowWindow {
  order: 'first' | 'last' | 'received' | 'bytes' | 'packets' | 'duration' | 'rate'
  limit: number
}

/** A flow as users read it: addresses as text, counts scaled by sampling, times unix ms. */
export interface FlowRecord {
  received: number
  first: number
  last: number
  exporter: string
  source: string
  destination: string
  sourcePort: number
  destinationPort: number
  protocol: string
  bytes: number
  packets: number
  sampling: number
  inInterface: number
  outInterface: number
  tcpFlags: string
  tos: number
  sourceAs: number
  destinationAs: number
  nextHop: string | null
  vlan: number
}

/** Which flows an event is read from: those any part of which lies in [from, to), of one exporter or all. */
export interface FlowScan {
  from: number
  to: number
  /** An address. */
  exporter?: string | undefined
  /** Addresses: only flows of which one of these is an end. Absent: all. */
  hosts?: readonly string[] | undefined
  /** More are refused. */
  rowsMax: number
  signal?: AbortSignal | undefined
}

export interface FlowStore {
  series(query: FlowSeriesQuery): Promise<FlowSeries>
  top(query: FlowTopQuery): Promise<FlowTop>
  list(query: FlowListQuery): Promise<{ flows: FlowRecord[]; more: boolean }>
  /** How many rows the manifest puts into a window, and from when to when flows are kept. */
  extent(
    from: number,
    to: number,
  ): Promise<{ rows: number; first: number | null; last: number | null }>
  /**
   * Hands flows over a batch at a time, in no order; columns may be used again for the next batch. `start` gives what takes
   * them: it is called again, and what was taken forgotten, where a file proves to be unreadable on the way.
   */
  scan?(query: FlowScan, start: () => (flows: EventFlows) => void): Promise<void>
  /** When exporters were away, oldest first. */
  breaks?(): Promise<readonly ExporterBreak[]>
  /** What is said of files of a window that could not be read and are left out of answers: a sentence each. */
  leftOut?(from: number, to: number): Promise<string[]>
  /** What is kept and what could not be read, for the status page. Stores that cannot tell leave it out. */
  health?(): Promise<{ bytes: number; problems: readonly string[] }>
  close(): Promise<void>
}
