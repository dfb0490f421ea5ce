/** Gaps of which the exporter's own numbers show that it was away, or its clock set. */
import { countOf } from '../../units.ts'
import { clockSetMs, type ExporterBreak } from '../incident.ts'
import type { Run } from '../scene/runs.ts'
import type { Scene } from '../scene/scene.ts'

/** The datagram that reveals a break may arrive this long after flows resumed. */
const reportMs = 120_000

/** The break that explains a gap: it overlaps it, by receive times then and soon after. */
export function breakIn(
  scene: Scene,
  span: Run,
  breaks: readonly ExporterBreak[],
): ExporterBreak | null {
  const [from, to] = [span.from, span.to].map((t) => scene.grid.from + t * 1000) as [number, number]
  const across = breaks.filter(
    (each) => !each.clock && each.from < to + reportMs && each.to > from && each.to > to - reportMs,
  )
  return across.sort((a, b) => b.to - b.from - (a.to - a.from))[0] ?? null
}

/**
 * Whether a gap is mostly one in the exporter's clock, which was set forward by at least half of it. A flow that is
 * reported afterwards has only later times, so the gap begins earlier by the exporter's timeouts.
 */
export function isOfClock({ grid }: Scene, span: Run, breaks: readonly ExporterBreak[]): boolean {
  const [from, to] = [span.from, span.to].map((t) => grid.from + t * 1000) as [number, number]
  return breaks.some((each) => {
    const isNear = each.clock && each.clock.from < to + reportMs && each.clock.to > from
    return isNear && 2 * clockSetMs(each) >= to - from
  })
}

/**
 * When the exporter was away, by receive times. Flows it would have reported then ended earlier, by
 * up to its timeouts.
 */
export function awaySpan(scene: Scene, { from, to }: ExporterBreak): Run {
  return { from: Math.floor(scene.place(from)), to: Math.ceil(scene.place(to)) }
}

/** Why an exporter was away, as sentences. */
export function awayFacts({ isRestart, lostFlows }: ExporterBreak): string[] {
  if (isRestart) return ['the exporter was started anew: its uptime or its numbers began again']
  return [
    `the exporter’s numbers did not go on: ${lostFlows > 0 ? `about ${countOf(Math.max(1, Math.round(lostFlows)), 'flow')} ${Math.round(lostFlows) > 1 ? 'were' : 'was'}` : 'something was'} sent and not received`,
  ]
}
