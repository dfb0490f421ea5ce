/** A datagram for tests of what is known of intervals. */
import type { SequenceEvent } from '../../flow/sequence.ts'

/** A datagram that carries no flows and continues its exporter's numbers. */
export const datagramAt = (receivedMs: number): SequenceEvent => ({
  exporter: '192.0.2.1',
  observationDomain: 0,
  agent: 0,
  receivedMs,
  sinceMs: receivedMs,
  exportMs: receivedMs,
  verdict: 'continues',
  lostDatagrams: 0,
  lostFlows: 0,
  lostFlowsEstimated: false,
  gaps: [],
  carries: 'nothing',
  flows: 0,
})
