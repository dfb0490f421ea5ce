/** Incidents too close together to be marked separately. */
import type { Incident } from '../../api/schema/explain.ts'

export interface Cluster {
  /** unix seconds, within the window */
  from: number
  to: number
  /** Oldest first; a single one if it stands alone. */
  incidents: Incident[]
}

/**
 * The incidents of a window grouped for marking: those that begin within `near` seconds go
 * together.
 */
export function clusters(
  incidents: readonly Incident[],
  { from, to, near }: { from: number; to: number; near: number },
): Cluster[] {
  const made: Cluster[] = []
  const ascending = incidents
    .filter(({ window }) => window.to > from && window.from < to)
    .toSorted((a, b) => a.window.from - b.window.from)
  for (const incident of ascending) {
    const start = Math.max(from, incident.window.from)
    const end = Math.min(to, incident.window.to)
    const before = made.at(-1)
    if (before && start - before.from < near) {
      before.incidents.push(incident)
      before.to = Math.max(before.to, end)
    } else made.push({ from: start, to: end, incidents: [incident] })
  }
  return made
}
