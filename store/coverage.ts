/** The measurement `coverage`: what is known of each exporter in each step, as named numbers in every store. */
import { intervalMs } from '../flow/interval.ts'
import type { LeftOut } from './flows.ts'
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

/** The coverage of an answer made from flows, some of which are left out. */
export function withoutUnreadable(
  rows: readonly Coverage[],
  leftOut: readonly LeftOut[],
  stepMs: number,
): readonly Coverage[] {
  if (leftOut.length === 0) return rows
  return rows.map((row) => {
    const end = row.time + stepMs
    const within = leftOut.filter(
      ({ from, to, exporter = row.exporter }) =>
        from < end && to > row.time && exporter === row.exporter,
    )
    let { known } = row
    const unknown = { ...row.unknown }
    for (let at = row.time; at < end && within.length > 0 && known > 0; at += intervalMs) {
      const missing = within.find(({ from, to }) => from <= at && at < to)
      if (!missing) continue
      known--
      unknown[missing.reason] = (unknown[missing.reason] ?? 0) + 1
    }
    return known === row.known ? row : { ...row, known, unknown }
  })
}
