/** Which of several incidents a window is about, and which judgements are the same. */
import type { Span } from '../../../flow/incident/facts/span.ts'
import { inOrderOfNames, isSameEvent, type Incident } from '../../../flow/incident/incident.ts'

const gravity: Record<Incident['kind'], number> = {
  congestion: 4,
  silence: 3,
  exporter: 2,
  surge: 1,
}

/** The incidents that overlap a span, the gravest first: by kind, then by length, then by bytes. */
export function gravestFirst(incidents: readonly Incident[], { from, to }: Span): Incident[] {
  const seconds = (each: Incident) => Math.min(each.to, to) - Math.max(each.from, from)
  const moved = (each: Incident) => each.actors.reduce((sum, { bytes }) => sum + bytes, 0)
  return incidents
    .filter((each) => each.from < to && each.to > from)
    .sort(
      (a, b) =>
        gravity[b.kind] - gravity[a.kind] ||
        seconds(b) - seconds(a) ||
        moved(b) - moved(a) ||
        inOrderOfNames(a, b),
    )
}

/** Whether two judgements of an event came to the same: what it was, and by whom. */
export function isSameVerdict(a: Incident, b: Incident): boolean {
  const hosts = ({ actors }: Incident) => new Set(actors.map(({ host }) => host))
  return isSameEvent(a, b) && a.kind === b.kind && hosts(a).symmetricDifference(hosts(b)).size === 0
}
