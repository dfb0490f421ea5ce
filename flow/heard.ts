/** What a collector heard of an exporter's streams, as collectors on one cluster tell each other. */

/** A stretch of a stream's datagrams that one collector heard: by their numbers, and when. Times are unix ms. */
export interface HeardSpan {
  exporter: string
  /** The stream: version, observation domain and source port. */
  stream: string
  /** The first number, and the one that is to come next, mod 2^32. */
  from: number
  to: number
  /** The latter may be higher by so much. */
  unsure: number
  fromMs: number
  toMs: number
  /** The exporter's clocks at both ends: uptime (-1: it tells none) and export time. */
  begin: ExporterClocks
  end: ExporterClocks
}

export interface ExporterClocks {
  uptimeMs: number
  exportMs: number
}
