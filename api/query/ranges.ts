/** Unknown and lost time as merged ranges. */
import { sayList } from '../../flow/incident/sentence/wording.ts'
import { answeredReasons, type UnknownReason } from '../../store/measurement.ts'
import type { NameSource } from '../names/labels.ts'
import type { AwaySteps } from './away-steps.ts'
import { stepStates, type CoverageGrid } from './coverage.ts'
import { gridEnd, type Grid } from './grid.ts'

/**
 * The limits of the ranges: the answer's window, and now, since the future is not unknown. Unix ms.
 */
export interface RangeBounds {
  from: number
  to: number
  now: number
}

type UnknownRange = [from: number, to: number, reason: UnknownReason]

/**
 * [from, to, reason] in unix seconds, ascending; neighbours with the same reason are merged. Time
 * within the bounds but outside the grid was not seen: the grid is only as long as what is stored.
 * In steps that are known, an exporter may have been away for a while.
 */
export function unknownRanges(
  covered: CoverageGrid,
  bounds: RangeBounds,
  away: AwaySteps | null = null,
): UnknownRange[] {
  const ranges: UnknownRange[] = []
  const add = (from: number, to: number, reason: UnknownReason) => {
    const last = ranges.at(-1)
    if (last && last[1] === from && last[2] === reason) last[1] = to
    else if (from < to) ranges.push([from, to, reason])
  }
  const [start, end] = [bounds.from / 1000, Math.min(bounds.to, bounds.now) / 1000]
  add(start, Math.min(covered.grid.from / 1000, end), 'not-seen')
  for (const [at, from, to] of steps(covered.grid, bounds))
    if (covered.isKnown[at] !== 1) add(from, to, answeredReasons[covered.reason[at]!]!)
    else if (away) for (const range of awayRanges(away, from, to)) add(...range)
  add(Math.max(start, gridEnd(covered.grid) / 1000), end, 'not-seen')
  return ranges
}

/** Exporters that are named for a range. */
const namedMax = 3

/**
 * Whose data is unknown in each of the ranges, by name, such as a, b, c and 3 more; empty where no
 * other exporter is known.
 */
export function unknownOf(
  ranges: readonly UnknownRange[],
  { grid, exporters }: CoverageGrid,
  { away, names }: { away: AwaySteps | null | undefined; names: Pick<NameSource, 'exporterName'> },
): string[] {
  return ranges.map(([from, to]) => {
    const bounds = withinMs(from, to)
    const covered = [...steps(grid, bounds)].map(([at]) => at)
    const fine = away ? [...steps(away.grid, bounds)].map(([at]) => at) : []
    const unknown = exporters.filter(
      ({ address, state }) =>
        covered.some((at) => state[at] === stepStates.unknown) ||
        fine.some((at) => (away!.of.get(address)?.[at] ?? 0) !== 0),
    )
    const isAnyKnown = away
      ? fine.some((at) => away.none[at] === 0)
      : covered.some((at) => exporters.some(({ state }) => state[at] === stepStates.known))
    const named = unknown.map(({ address }) => names.exporterName(address) ?? address)
    return isAnyKnown ? sayList(named, namedMax) : ''
  })
}

/** The steps of [from, to) in which an exporter was away. */
function* awayRanges(away: AwaySteps, from: number, to: number): Generator<UnknownRange> {
  for (const [at, first, last] of steps(away.grid, withinMs(from, to)))
    if (away.all[at] !== 0) yield [first, last, answeredReasons[away.all[at]! - 1]!]
}

/** [from, to, flows, estimated] in unix seconds, ascending; neighbours are merged. */
export function lostRanges(
  covered: CoverageGrid,
  bounds: RangeBounds,
): [number, number, number, boolean][] {
  const ranges: [number, number, number, boolean][] = []
  for (const [at, from, to] of steps(covered.grid, bounds)) {
    const flows = covered.lostFlows[at]!
    if (flows === 0) continue
    const isEstimated = covered.lostIsEstimated[at] === 1
    const last = ranges.at(-1)
    if (last && last[1] === from) {
      last[1] = to
      last[2] += flows
      last[3] ||= isEstimated
    } else ranges.push([from, to, flows, isEstimated])
  }
  return ranges
}

/** Bounds from unix seconds. */
function withinMs(from: number, to: number): RangeBounds {
  return { from: from * 1000, to: to * 1000, now: to * 1000 }
}

/** The steps that overlap the bounds: index, start and end in unix seconds. */
function* steps(grid: Grid, bounds: RangeBounds): Generator<[number, number, number]> {
  const end = Math.min(bounds.to, bounds.now)
  const first = Math.max(0, Math.floor((bounds.from - grid.from) / grid.stepMs))
  for (let at = first; at < grid.count; at++) {
    if (grid.from + at * grid.stepMs >= end) return
    const from = Math.max(bounds.from, grid.from + at * grid.stepMs)
    const to = Math.min(end, grid.from + (at + 1) * grid.stepMs)
    if (from < to) yield [at, from / 1000, to / 1000]
  }
}
