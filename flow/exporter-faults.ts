/** From when something about an exporter is a fault, for the page and the doctor. */
import type { ExporterStatus } from './status.ts'

/** Silence longer than any exporter's timeouts, in seconds. */
export const silentSeconds = 900
/** Lost flows are a fault above this part; no network is without less. */
export const lostPartMax = 0.001

/** The part of an exporter's flows that was lost on the way. */
export function lostPart({
  lost,
  flows,
  flowsLeftOut,
}: Pick<ExporterStatus, 'lost' | 'flows' | 'flowsLeftOut'>): number {
  return lost.flows / Math.max(1, flows + flowsLeftOut + lost.flows)
}
