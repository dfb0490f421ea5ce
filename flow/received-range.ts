/** What one collector received of an exporter's streams, as shared within a cluster. */

/** A range of a stream's datagrams that one collector received: sequence numbers and times (unix ms). */
export interface ReceivedRange {
  exporter: string
  /** The stream: version, observation domain and source port. */
  stream: string
  /** The first number, and the next one expected, mod 2^32. */
  from: number
  to: number
  /** `to` may be higher by this much. */
  unsure: number
  fromMs: number
  toMs: number
  /** The exporter's clocks at both ends: uptime (-1: not reported) and export time. */
  begin: ExporterClocks
  end: ExporterClocks
}

export interface ExporterClocks {
  uptimeMs: number
  exportMs: number
}
