/** One datagram on its way through the decoder, with what every part of the decoder needs. */
import type { FlowColumns } from '../../flow/columns.ts'
import type { Exporter } from './exporters/exporter.ts'
import { Stream } from './exporters/stream.ts'

/** A single object, reused for each datagram. */
export interface DatagramContext {
  flows: FlowColumns
  exporter: Exporter
  stream: Stream
  /** A hash of the sFlow agent's address, as a repeater sends for several agents; else 0. */
  agent: number
  view: DataView
  /** The part not yet read: [offset, end) of the view. */
  offset: number
  end: number
  receivedMs: number
  /** When the stream's previous datagram was received. */
  sinceMs: number
  /** unix ms, the exporter's clock */
  exportMs: number
  /** ms mod 2^32, or -1 if the header has none (IPFIX) */
  uptimeMs: number
  /** Correction of times, ms; 0 within the tolerance. */
  skewMs: number
  /** Sampling rate from the header (v5), else 0. */
  headerRate: number
  /** Data records of this datagram so far, and how many of them produced rows. */
  records: number
  flowRecords: number
  /** Options records, included in records. */
  optionsRecords: number
  /** Most records that sets without a template may contain. */
  recordsUnsure: number
  /** Rows that this datagram may still produce. */
  rowsLeft: number
}

/** Instead of a datagram, before the first. */
export const emptyView = new DataView(new ArrayBuffer(0))

/** A context to be filled by a datagram. */
export function emptyContext(flows: FlowColumns, exporter: Exporter): DatagramContext {
  return {
    flows,
    exporter,
    stream: new Stream('v1', { domain: 0, sourcePort: 0, agent: 0 }, 0),
    agent: 0,
    view: emptyView,
    offset: 0,
    end: 0,
    receivedMs: 0,
    sinceMs: 0,
    exportMs: 0,
    uptimeMs: -1,
    skewMs: 0,
    headerRate: 0,
    records: 0,
    optionsRecords: 0,
    flowRecords: 0,
    recordsUnsure: 0,
    rowsLeft: 0,
  }
}
