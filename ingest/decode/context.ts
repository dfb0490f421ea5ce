/** One datagram on its way through the decoder, and what every part of the decoder works with. */
import type { FlowColumns } from '../../flow/columns.ts'
import type { Exporter } from './exporters/exporter.ts'
import type { Stream } from './exporters/stream.ts'

/** One object, used again for each datagram. */
export interface DatagramContext {
  flows: FlowColumns
  exporter: Exporter
  stream: Stream
  view: DataView
  /** What is still to be read: [offset, end) of the view. */
  offset: number
  end: number
  receivedMs: number
  /** unix ms, the exporter's clock */
  exportMs: number
  /** ms mod 2^32, or -1 where the header has none (IPFIX) */
  uptimeMs: number
  /** What times are corrected by, ms; 0 within the tolerance. */
  skewMs: number
  /** Sampling rate that the header gives (v5), else 0. */
  headerRate: number
  /** Data records taken from this datagram so far, and how many of them gave rows. */
  records: number
  flowRecords: number
  /** Options records among the records. */
  optionsRecords: number
  /** Most records that sets without a template may hold. */
  recordsUnsure: number
  /** Rows that this datagram may still give. */
  rowsLeft: number
}
