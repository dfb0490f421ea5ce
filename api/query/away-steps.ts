/**
 * Steps shorter than an interval in which an exporter was away. Its interval is known, because
 * datagrams came before and after; but nothing is known of the time in between.
 */
import { wasAway, type ExporterBreak } from '../../flow/incident/incident.ts'
import { intervalMs } from '../../flow/interval.ts'
import { answeredReasons, type UnknownReason } from '../../store/measurement.ts'
import { stepStates, xff, type CoverageGrid, type SumRule } from './coverage.ts'
import { gridEnd, type Grid } from './grid.ts'
import type { Line } from './line.ts'

export interface AwaySteps {
  grid: Grid
  /** For each exporter that was away, and as `all` for all together: 0, or 1 + an index into answeredReasons. */
  of: ReadonlyMap<string, Uint8Array>
  all: Uint8Array
  /** 1 where each exporter that is known was away. */
  none: Uint8Array
}

/**
 * The steps of which less than xff is outside an absence of an exporter that counts; null if there
 * is none. Longer steps are known by their intervals, as in the totals.
 */
export function layAway(
  breaks: readonly ExporterBreak[],
  grid: Grid,
  covered: CoverageGrid,
): AwaySteps | null {
  if (grid.stepMs >= intervalMs) return null
  const of = new Map<string, Uint8Array>()
  const all = new Uint8Array(grid.count)
  for (const each of breaks) {
    if (!wasAway(each) || !covered.places.has(each.exporter)) continue
    if (each.to <= grid.from || each.from >= gridEnd(grid)) continue
    const own = of.get(each.exporter) ?? new Uint8Array(grid.count)
    of.set(each.exporter, own)
    const reason = 1 + answeredReasons.indexOf(reasonOf(each))
    const first = Math.max(0, Math.floor((each.from - grid.from) / grid.stepMs))
    for (let at = first; at < grid.count; at++) {
      const start = grid.from + at * grid.stepMs
      if (start >= each.to) break
      const awayMs = Math.min(each.to, start + grid.stepMs) - Math.max(each.from, start)
      if (awayMs <= (1 - xff) * grid.stepMs) continue
      own[at] = Math.max(own[at]!, reason)
      all[at] = Math.max(all[at]!, reason)
    }
  }
  return of.size === 0 ? null : { grid, of, all, none: withoutAny({ grid, of }, covered) }
}

function withoutAny(
  { grid, of }: Pick<AwaySteps, 'grid' | 'of'>,
  covered: CoverageGrid,
): Uint8Array {
  return Uint8Array.from({ length: grid.count }, (_, at) => {
    const start = grid.from + at * grid.stepMs
    const place = Math.floor((start - covered.grid.from) / covered.grid.stepMs)
    const isThere = ({ address, state }: CoverageGrid['exporters'][number]) =>
      state[place] === stepStates.known && (of.get(address)?.[at] ?? 0) === 0
    return covered.exporters.some(isThere) ? 0 : 1
  })
}

function reasonOf({ isRestart, isOurs }: ExporterBreak): UnknownReason {
  if (isOurs) return 'not-listening'
  return isRestart ? 'exporter-restart' : 'lost'
}

/** Makes the steps unknown in a line on the same grid: those of its exporter, or those without a sum. */
export function blankAway(line: Line, { of, all, none }: AwaySteps, sums: SumRule): void {
  const exporter = line.key?.['exporter']
  const ofSum = sums === 'any' ? none : all
  const steps = exporter === undefined ? ofSum : of.get(String(exporter))
  for (const [at, reason] of steps?.entries() ?? []) {
    if (reason === 0) continue
    line.average[at] = Number.NaN
    line.peak[at] = Number.NaN
  }
}
