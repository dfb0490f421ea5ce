/** The measurement `coverage`: what is known of each exporter in each step, as named numbers in every store. */
import { unknownReasons } from './measurement.ts'
import type { Coverage } from './series.ts'

export const coverageName = 'coverage'

/** The names of the figures. */
export const coverageFields = [
  'known',
  ...unknownReasons.map((reason) => reason.replaceAll('-', '_')),
  'datagrams',
  'lost_flows',
  'lost_flows_estimated',
  'open_until',
] as const

/** The figures in the order of their names; open_until is 0 for an interval that is over. */
export function coverageFigures(coverage: Coverage): number[] {
  const { known, unknown, datagrams, lostFlows, lostFlowsEstimated, openUntil = 0 } = coverage
  return [
    known,
    ...unknownReasons.map((reason) => unknown[reason] ?? 0),
    datagrams,
    lostFlows,
    lostFlowsEstimated ? 1 : 0,
    openUntil,
  ]
}

/** The coverage that figures in this order represent, for an exporter and time (unix ms). */
export function coverageOf(
  { time, exporter }: Pick<Coverage, 'time' | 'exporter'>,
  figures: ArrayLike<number>,
): Coverage {
  const [known, ...others] = Array.from(figures)
  const unknown: Coverage['unknown'] = {}
  for (const [i, reason] of unknownReasons.entries())
    if (others[i] !== 0) unknown[reason] = others[i]!
  const [datagrams, lostFlows, estimated, openUntil] = others.slice(unknownReasons.length)
  return {
    time,
    exporter,
    known: known!,
    unknown,
    datagrams: datagrams!,
    lostFlows: lostFlows!,
    lostFlowsEstimated: estimated === 1,
    ...(openUntil === 0 ? {} : { openUntil: openUntil! }),
  }
}
