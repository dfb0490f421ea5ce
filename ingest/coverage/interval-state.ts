/** What is known of an exporter in one interval, and why not. */
import type { DatagramContents, SequenceEvent } from '../../flow/sequence.ts'
import type { UnknownReason } from '../../store/measurement.ts'

/** What is known about one interval. A null reason means known, unless something is missing. */
export interface IntervalState {
  reason: UnknownReason | null
  datagrams: number
  /** Flow records of its datagrams. Absent in what older versions published. */
  flows?: number
  /** Sequence numbers missing between datagrams before and after it, or in it. Absent: none. */
  missing?: number
  lostFlows: number
  lostFlowsEstimated: boolean
  /** Of its datagrams together. If data waits for its template, and no flows were read, it is unknown. */
  carries?: DatagramContents
}

/**
 * The reason for a silence, by the verdict on the datagram after it; null: known, unless a gap says
 * what is missing.
 */
export const silenceReasons: Record<SequenceEvent['verdict'], UnknownReason | null> = {
  continues: null,
  duplicate: null,
  reordered: null,
  gap: null,
  unknown: 'lost',
  restart: 'exporter-restart',
  first: 'exporter-restart',
}

/** Why an interval is unknown; null means known. */
export function reasonOf({
  reason,
  datagrams,
  missing = 0,
  lostFlows,
}: IntervalState): UnknownReason | null {
  // Of several domains, the numbers of one may have continued.
  return reason ?? (datagrams === 0 && (missing > 0 || lostFlows > 0) ? 'lost' : null)
}

/** An interval without datagrams. */
export function newState(reason: UnknownReason | null): IntervalState {
  return { reason, datagrams: 0, lostFlows: 0, lostFlowsEstimated: false }
}

/** The share of the flows that was lost, 0 to 1. */
export function shareLost({ lostFlows, flows = 0 }: IntervalState): number {
  return lostFlows === 0 ? 0 : lostFlows / (lostFlows + flows)
}
