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

/** Time that is unknown, ascending. */
interface Unknown {
  /** [from, to, reason] in unix seconds. */
  ranges: UnknownRange[]
  /**
   * Whose data is unknown in each of them, by name, such as a, b, c and 3 more; empty where no other
   * exporter is known.
   */
  of: string[]
}

interface UnknownFacts {
  away: AwaySteps | null | undefined
  names: Pick<NameSource, 'exporterName'>
}

/** Exporters that are named for a range. */
const namedMax = 3

/**
 * Neighbours with the same reason are merged if it is the same exporters'. Time within the bounds but
 * outside the grid was not seen: the grid is only as long as what is stored. In steps that are known,
 * an exporter may have been away for a while.
 */
export function unknownRanges(
  covered: CoverageGrid,
  bounds: RangeBounds,
  { away, names }: UnknownFacts,
): Unknown {
  const unknown: Unknown = { ranges: [], of: [] }
  const add = (from: number, to: number, reason: UnknownReason, of: string) => {
    const last = unknown.ranges.at(-1)
    if (last && last[1] === from && last[2] === reason && unknown.of.at(-1) === of) last[1] = to
    else if (from < to) {
      unknown.ranges.push([from, to, reason])
      unknown.of.push(of)
    }
  }
  const { grid, exporters, isKnown, reason } = covered
  const [start, end] = [bounds.from / 1000, Math.min(bounds.to, bounds.now) / 1000]
  add(start, Math.min(grid.from / 1000, end), 'not-seen', '')
  const named = exporters.map(({ address }) => names.exporterName(address) ?? address)
  const inside = {
    ...bounds,
    from: Math.max(bounds.from, grid.from),
    to: Math.min(bounds.to, gridEnd(grid)),
  }
  const finest = away?.grid ?? grid
  for (const [at, from, to] of steps(finest, inside)) {
    const place = Math.floor((finest.from + at * finest.stepMs - grid.from) / grid.stepMs)
    const isAway = (address: string) => (away?.of.get(address)?.[at] ?? 0) !== 0
    const awayReason = away?.all[at] ?? 0
    if (isKnown[place] === 1 && awayReason === 0) continue
    const why = isKnown[place] === 1 ? awayReason - 1 : reason[place]!
    const isAnyKnown = exporters.some(
      ({ address, state }) => state[place] === stepStates.known && !isAway(address),
    )
    const missing = named.filter((_, i) => {
      const { address, state } = exporters[i]!
      return state[place] === stepStates.unknown || isAway(address)
    })
    add(from, to, answeredReasons[why]!, isAnyKnown ? sayList(missing, namedMax) : '')
  }
  add(Math.max(start, gridEnd(grid) / 1000), end, 'not-seen', '')
  return unknown
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
