/** The verdict on one datagram's sequence numbers, from which coverage and loss are derived. */

/**
 * - first: first datagram of this exporter and domain
 * - continues: the sequence continues without a gap (nothing lost since the last datagram)
 * - gap: something is missing before this datagram (it may still arrive late, as `reordered`)
 * - restart: the exporter restarted (uptime fell, or the sequence began again)
 * - duplicate, reordered: an older datagram, seen before or not
 * - unknown: the version has no sequence (v1), or no verdict is possible
 */
export type SequenceVerdict =
  | 'first'
  | 'continues'
  | 'gap'
  | 'restart'
  | 'duplicate'
  | 'reordered'
  | 'unknown'

/**
 * What a datagram says about traffic: flows that were read, data that waits for its template, or
 * neither.
 */
export type DatagramContents = 'flows' | 'unread' | 'nothing'

/** Numbers that are missing between two datagrams of a stream. */
export interface SequenceGap {
  /** When the two were received, unix ms: what is missing was sent in between. */
  sinceMs: number
  untilMs: number
  /** How many numbers, and what they stand for. Negative: so much was counted before, and is not missing. */
  units: number
  datagrams: number
  flows: number
}

/** Loss detected by one datagram; `reordered` takes back what a gap had counted (negative). */
export interface SequenceEvent {
  /** Exporter address as text. */
  exporter: string
  observationDomain: number
  /** A hash of the sFlow agent's address: agents behind one repeater have the same domain. Else 0. */
  agent: number
  /** unix ms */
  receivedMs: number
  /** When the stream's previous datagram was received, unix ms: what is missing was sent in between. */
  sinceMs: number
  /** When it was sent by the exporter's clock, unix ms. */
  exportMs: number
  verdict: SequenceVerdict
  lostDatagrams: number
  lostFlows: number
  lostFlowsEstimated: boolean
  /** The loss by the gaps that it is of. */
  gaps: readonly SequenceGap[]
  carries: DatagramContents
  /** Flow records that were read. */
  flows: number
}
