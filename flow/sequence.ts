/** What the sequence numbers of one datagram said, from which coverage and loss are kept. */

/**
 * - first: nothing was known of this exporter and domain before
 * - continues: the numbers go on without a gap (nothing was lost since the last datagram)
 * - gap: something is missing before this datagram (it may still come late, as `reordered`)
 * - restart: the exporter started anew (uptime fell, or numbers began again)
 * - duplicate, reordered: an older datagram, seen before or not
 * - unknown: the version carries no sequence (v1), or it cannot be told
 */
export type SequenceVerdict =
  | 'first'
  | 'continues'
  | 'gap'
  | 'restart'
  | 'duplicate'
  | 'reordered'
  | 'unknown'

/** Loss found by one datagram; a `reordered` one takes back what a gap had counted (negative). */
export interface SequenceEvent {
  /** Exporter address as text. */
  exporter: string
  observationDomain: number
  /** unix ms */
  receivedMs: number
  verdict: SequenceVerdict
  lostDatagrams: number
  lostFlows: number
  lostFlowsEstimated: boolean
}
