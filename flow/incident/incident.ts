/**
 * An incident: a time in which an exporter's traffic was not as it should be, with the facts that
 * were read of it from the flow archive. Times are unix ms, counts scaled by sampling.
 */

/**
 * - congestion: one host (or a few) took the line and the others' traffic fell; begins with its onset
 * - silence: nothing passed, and the exporter was there all the while
 * - exporter: the exporter itself was away or cut off: what passed is not known
 * - surge: many times the usual, in bytes or in connections, and nobody else suffered
 * - none: nothing of that
 */
export const windowKinds = ['congestion', 'silence', 'exporter', 'surge', 'none'] as const
export type WindowKind = (typeof windowKinds)[number]
export type IncidentKind = Exclude<WindowKind, 'none'>
