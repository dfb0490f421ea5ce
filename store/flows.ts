/**
 * The flow archive as the API queries it: one interface, implemented by the Parquet archive and by
 * ClickHouse. Times are unix ms; windows and steps are [from, to); spreading is flow/spread.ts.
 */
import type { Filter } from '../flow/filter.ts'
import type { IcmpTypeAndCode } from '../flow/icmp.ts'
import type { EventFlows } from '../flow/incident/flows/flow-table.ts'
import type { ExporterBreak } from '../flow/incident/incident.ts'
import type { FieldName, LeftOutReason } from './measurement.ts'

/** The words for splitting series. */
export const seriesKeys = [
  'direction',
  'host',
  'port',
  'protocol',
  'interface',
  'exporter',
] as const
type SeriesKeyName = (typeof seriesKeys)[number]

/** The words for top tables. `pair` gives src and dst; `port` also gives its protocol. */
export const topKeys = [
  'src', 'dst', 'host', 'pair', 'srcport', 'dstport', 'anyport', 'port', 'protocol', 'in', 'out',
  'interface', 'exporter', 'as', 'srcas', 'dstas', 'tos', 'flags', 'nexthop', 'vlan',
  'application', 'prefix', 'srcprefix', 'dstprefix', 'dscp', 'mac', 'srcmac',
  'dstmac', 'sampling', 'direction',
] as const // prettier-ignore
export type TopKeyName = (typeof topKeys)[number]

/** Which flows belong to a window: overlapping it (bytes pro rata), starting, ending, or lying within it. */
export type Include = 'any' | 'start' | 'end' | 'within'

export interface FlowWindow {
  from: number
  to: number
  filter?: Filter | undefined
  include: Include
  /** Aborts the query when the client has gone. */
  signal?: AbortSignal | undefined
  /** Called now and then, if known, with the share read so far (0 to 1). */
  progress?: ((share: number) => void) | undefined
}

export interface FlowSeriesQuery extends FlowWindow {
  stepMs: number
  by: readonly SeriesKeyName[]
  /**
   * The number of greatest keys by the sum of `order` over the window, ignoring direction: with
   * `host,direction` each of the greatest hosts keeps its in and its out. The rest is folded.
   */
  top: number
  order: FieldName
  /** The only field wanted: the others need not be summed, and may be 0. */
  only?: FieldName | undefined
  /** Only records that begin a connection, as sent by its opener: their `flows` are connections opened. */
  connections?: boolean | undefined
}

/** Key values as text, by key word; `protocol` comes with `port`. */
export type FlowKey = Record<string, string | number>

/** How the rest of a cut list is split if direction is asked for. */
export const restDirections = ['in', 'out', 'internal', 'transit'] as const

/**
 * Rows of (step, exporter, key). The key of the rest is keys.length, or, if `by` has direction,
 * keys.length + the direction's index in restDirections. Steps without flows have no row.
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
  /**
   * `rate` is bytes over duration, `duration` from a key's first packet to its last: within the window if the bytes are
   * (`include` is any), else of whole flows.
   */
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
  /**
   * Counts each flow `ends` times: twice for host, anyport and interface-like keys, which have two values per
   * flow.
   */
  total: FlowSums
  ends: 1 | 2
}

export interface FlowListQuery extends FlowWindow {
  order: 'first' | 'last' | 'received' | 'bytes' | 'packets' | 'duration' | 'rate'
  limit: number
}

/** A flow as users read it: addresses as text, counts scaled by sampling, times unix ms. */
export interface FlowRecord extends IcmpTypeAndCode {
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

/** The flows to judge an event by: those that overlap [from, to), of one exporter or all. */
export interface FlowScan {
  from: number
  to: number
  /** An address. */
  exporter?: string | undefined
  /** Addresses: only flows with one of these as an endpoint. Absent: all. */
  hosts?: readonly string[] | undefined
  /** Queries over more rows are refused. */
  rowsMax: number
  signal?: AbortSignal | undefined
}

/**
 * Whole intervals, unix ms, of which flows received are left out of answers: they cannot be read,
 * or are not in the store yet.
 */
export interface LeftOut {
  from: number
  to: number
  /** Whose flows; absent: anybody's. */
  exporter?: string
  reason: LeftOutReason
}

export interface FlowStore {
  series(query: FlowSeriesQuery): Promise<FlowSeries>
  top(query: FlowTopQuery): Promise<FlowTop>
  list(query: FlowListQuery): Promise<{ flows: FlowRecord[]; more: boolean }>
  /**
   * The number of rows in a window by the manifest, and the time range for which flows are kept.
   */
  extent(
    from: number,
    to: number,
  ): Promise<{ rows: number; first: number | null; last: number | null }>
  /**
   * Passes flows on batch by batch, in no particular order; columns may be reused for the next
   * batch. `start` returns the consumer: if a file proves unreadable on the way, it is called
   * again, and the earlier consumer's data are void.
   */
  scan?(query: FlowScan, start: () => (flows: EventFlows) => void): Promise<void>
  /** When exporters were away, oldest first. */
  breaks?(): Promise<readonly ExporterBreak[]>
  /** When flows were received that touch a window and are left out of answers. */
  unreadable?(from: number, to: number): Promise<readonly LeftOut[]>
  /**
   * A sentence for each part of a window's flows that is left out of answers; of many, the first,
   * and how many more.
   */
  remarks?(from: number, to: number): Promise<string[]>
  /** What is kept and what was unreadable, for the status page. Absent if a store does not know. */
  health?(): Promise<{ bytes: number; problems: readonly string[] }>
  close(): Promise<void>
}
