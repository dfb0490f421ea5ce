/**
 * What a list of a window lacks, in words: the time of which not everything is known, and the flows
 * that were lost. A chart shows both.
 */
import type { Tier } from '../../flow/interval.ts'
import { countOf } from '../../flow/units.ts'
import type { LeftOutReason, UnknownReason } from '../../store/measurement.ts'
import type { FlowStore } from '../../store/flows.ts'
import type { SeriesReader } from '../../store/series.ts'
import { toApiError } from '../errors.ts'
import type { NameSource } from '../names/labels.ts'
import { layAway } from './away-steps.ts'
import { layCoverage, seenOf, stepStates, type CoverageGrid, type Seen } from './coverage.ts'
import { gridEnd, gridOver } from './grid.ts'
import { lostRanges, unknownRanges, type RangeBounds } from './ranges.ts'
import { reaches } from './source.ts'
import { exportersOf, type Window } from './window.ts'

/** Times that are named. */
const timesMax = 3
/** Steps of all exporters that are read: over more, coarser totals say it. */
const stepsMax = 20_000
/** Where less than an interval is unknown, it is said in steps of this length. */
const fineMs = 10_000

/** Why time is unknown; nobody misses what was not sent, and of files the store tells by itself. */
const reasonTexts: Record<Exclude<UnknownReason, 'not-seen' | LeftOutReason>, string> = {
  'not-listening': 'Weir was not listening',
  lost: 'datagrams were lost on the way, or wait for their template',
  'exporter-restart': 'an exporter restarted',
}

export const untold =
  'whether all of this time was received cannot be told while the totals cannot be read'

const unstored =
  'nothing of it is in the totals: Weir was not listening, or they could not be written'

export interface GapsContext {
  flows: Pick<FlowStore, 'breaks'>
  series: SeriesReader
  tiers: readonly Tier[]
  seen: readonly Seen[]
  names: Pick<NameSource, 'exporterName'>
  /** unix ms */
  now: number
}

/**
 * A sentence each, if there are any. While the store of the totals does not answer, one says that
 * it cannot be told.
 */
export async function gapsIn(window: Window, context: GapsContext): Promise<string[]> {
  try {
    return await readGaps(window, context)
  } catch (error) {
    if (toApiError(error, {}, undefined).status !== 503) throw error
    return [untold]
  }
}

async function readGaps(window: Window, context: GapsContext): Promise<string[]> {
  const { series, names, now } = context
  const seen = seenOf(window, context.seen)
  const tier = await tierOf(window, { ...context, seen })
  if (!tier) return []
  const grid = gridOver(window.from, Math.min(window.to, now), tier.stepMs)
  if (grid.count < 1) return []
  const exporters = exportersOf(window)
  const rows = await series.coverage({ tier, from: grid.from, to: gridEnd(grid), exporters })
  const covered = layCoverage(rows, grid, seen)
  const fine = gridOver(grid.from, gridEnd(grid), fineMs)
  const breaks = fine.count <= stepsMax ? ((await context.flows.breaks?.()) ?? []) : []
  const bounds = { from: window.from, to: window.to, now }
  const away = layAway(breaks, fine, covered)
  const unknown = unknownRanges(covered, bounds, { away, names })
  return [...sayUnknown(unknown, covered), ...sayLost(covered, bounds)]
}

/** The finest totals that reach back as far as any and are few enough, or the coarsest; null if there are none. */
async function tierOf(
  { from, to }: Window,
  { series, tiers, seen }: GapsContext,
): Promise<Tier | null> {
  const stored = await Promise.all(
    tiers.map(async (tier) => ({ tier, extent: await series.extent(tier) })),
  )
  const few = stored.filter(
    ({ tier, extent }, i) =>
      extent !== null &&
      (((to - from) / tier.stepMs) * seen.length <= stepsMax || i === stored.length - 1),
  )
  const found = few.find(({ tier }) => reaches({ from }, { tiers: stored }, tier))
  return (found ?? few.at(-1))?.tier ?? null
}

function sayUnknown(
  { ranges, of }: ReturnType<typeof unknownRanges>,
  covered: CoverageGrid,
): string[] {
  const said = ranges.flatMap(([from, to, reason], i) => {
    if (!Object.hasOwn(reasonTexts, reason)) return []
    const isUntold = reason === 'not-listening' && isUnstored(covered, from * 1000, to * 1000)
    const why = isUntold ? unstored : reasonTexts[reason as keyof typeof reasonTexts]
    const whose = of[i] === '' ? '' : `of ${of[i]}: `
    return [`${instant(from)} to ${instant(to)} (${whose}${why})`]
  })
  if (said.length === 0) return []
  const rest = said.length - timesMax
  const more = rest > 0 ? [countOf(rest, 'earlier time')] : []
  // Newest first, as incidents are: of a month, the last gap is the one that somebody looks for.
  const newest = said.toReversed().slice(0, timesMax)
  return [`not everything is known of ${[...newest, ...more].join('; ')}`]
}

/** Whether nothing is stored of all that is unknown in a time, unix ms: the store may also lack what was written. */
function isUnstored({ grid, exporters }: CoverageGrid, from: number, to: number): boolean {
  const first = Math.max(0, Math.floor((from - grid.from) / grid.stepMs))
  const end = Math.min(grid.count, Math.ceil((to - grid.from) / grid.stepMs))
  for (let at = first; at < end; at++) {
    const unknown = exporters.filter(({ state }) => state[at] === stepStates.unknown)
    if (unknown.length === 0 || unknown.some(({ isStored }) => isStored[at] === 1)) return false
  }
  return end > first
}

function sayLost(covered: CoverageGrid, bounds: RangeBounds): string[] {
  const ranges = lostRanges(covered, bounds)
  const flows = Math.round(ranges.reduce((sum, each) => sum + each[2], 0))
  if (flows === 0) return []
  const { grid, lostFlows } = covered
  const isBegun = bounds.from > grid.from && lostFlows[0]! > 0
  const isEnded = bounds.to < Math.min(gridEnd(grid), bounds.now) && lostFlows.at(-1)! > 0
  // Of a step that is only partly asked for, all counts.
  const upTo = isBegun || isEnded ? 'up to ' : ''
  const about = upTo + (ranges.some((each) => each[3]) ? 'about ' : '')
  const were = flows === 1 ? 'was' : 'were'
  return [
    `${about}${countOf(flows, 'flow')} of this time ${were} lost on the way: figures are at least these`,
  ]
}

/** In a form that the page writes in its zone. */
function instant(seconds: number): string {
  return new Date(Math.round(seconds) * 1000).toISOString().replace('.000Z', 'Z')
}
