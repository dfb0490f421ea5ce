/** The lines of a series query, from a tier or from the archive. */
import { intervalStart, type Tier } from '../../flow/interval.ts'
import type { FlowStore, FlowWindow } from '../../store/flows.ts'
import type { MeasurementName } from '../../store/measurement.ts'
import type { SeriesReader } from '../../store/series.ts'
import type { NameSource } from '../names/labels.ts'
import type { AwaySteps } from './away-steps.ts'
import { seenOf, type CoverageGrid, type Seen } from './coverage.ts'
import { addFiveMinuteFacts } from './five-minutes.ts'
import { fromArchive } from './from-archive.ts'
import { fromTier, withDirections, type TierAnswer } from './from-tier.ts'
import { gridEnd, type Grid } from './grid.ts'
import { units, type Line } from './line.ts'
import type { Question } from './question.ts'
import { reaches, type Source, type Stored } from './source.ts'
import type { FiveMinute } from './summary.ts'
import type { QueriedTrackers } from './trackers.ts'

export interface SeriesContext {
  series: SeriesReader
  flows: FlowStore
  tiers: readonly Tier[]
  names: NameSource
  seen: readonly Seen[]
  /** null: the query is not about trackers. */
  trackers: QueriedTrackers | null
  /** unix ms */
  now: number
  signal: AbortSignal | undefined
  progress?: FlowWindow['progress']
}

/** Lines ready for the answer. */
export interface Drawn {
  source: string
  grid: Grid
  lines: Line[]
  covered: CoverageGrid
  /** Coverage in the finest steps available. */
  finest: CoverageGrid
  /** Steps shorter than those of the coverage in which an exporter was away. */
  away?: AwaySteps | null
  /** What was left out; absent: nothing. */
  remarks?: readonly string[]
  fiveMinute: (line: Line) => FiveMinute
  /** Whether peaks of several stored rows are bounds. */
  partsAreBounds: boolean
  /** The first step that is still open; −1 if none is. */
  openAt: number
}

interface Surroundings {
  stored: Stored
  context: SeriesContext
}

/** The lines from the chosen source. */
export function draw(
  question: Question,
  source: Source,
  surroundings: Surroundings,
): Promise<Drawn> {
  return source.kind === 'tier'
    ? drawTier(question, source.tier, surroundings)
    : drawArchive(question, source.stepMs, surroundings)
}

async function drawTier(
  { window, split, measure, cf, known, top, key }: Question,
  tier: Tier,
  { stored, context }: Surroundings,
): Promise<Drawn> {
  const { exporter } = window
  const seen = seenOf(window, context.seen)
  const { series, trackers } = context
  const question = { series, split, unit: units[measure], top, exporter, seen, known, trackers }
  const given = key && { keys: withDirections([key], split), wantsRest: false }
  const answer = await fromTier(question, { tier, from: window.from, to: window.to }, given)
  const { covered, grid } = answer
  const isLimited = answer.areCut && limited.has(split.measurement)
  const remarks = isLimited ? [cutRemark] : []
  const drawn = { source: tier.name, grid, covered, openAt: openStep(answer), remarks }
  // Finer totals put maxima into steps, also into those without a row.
  const lines = linesWithData(answer, split)
  const first = stored.tiers[0]!
  if (tier.stepMs === first.tier.stepMs)
    return {
      ...drawn,
      finest: covered,
      lines,
      partsAreBounds: false,
      fiveMinute: ({ average }) => ({ values: average }),
    }
  const fine = await addFiveMinuteFacts(question, answer, {
    tier: first.tier,
    extent: first.extent,
    reaches: reaches({ from: grid.from }, stored, first.tier),
    wantsPeaks: cf === 'max',
  })
  return {
    ...drawn,
    finest: fine.answer?.covered ?? covered,
    lines,
    partsAreBounds: true,
    fiveMinute: fine.values,
  }
}

/** The measurements of which WEIR_TOP keys are kept; the rest of the others has other reasons. */
const limited: ReadonlySet<MeasurementName | null> = new Set(['host', 'port', 'host_port'] as const)
const cutRemark =
  'what was not among the greatest of an interval (WEIR_TOP) is part of "other" there and unknown here: averages ' +
  'leave that time out, and totals are at least these'

/** The first step of a tier's answer that is still open; −1 if none is. */
function openStep({ covered, grid }: TierAnswer): number {
  return covered.openUntil === null ? -1 : Math.floor((covered.openUntil - grid.from) / grid.stepMs)
}

/** Split by direction, a line without any stored row is left out; so is a rest of 0. */
function linesWithData({ lines, rests }: TierAnswer, split: Question['split']): Line[] {
  return [
    ...lines.filter((line) => split.directions.length === 0 || line.parts.some((n) => n > 0)),
    ...rests.filter(({ total }) => total !== 0),
  ]
}

async function drawArchive(
  { window, split, measure, known, top }: Question,
  stepMs: number,
  { stored, context }: Surroundings,
): Promise<Drawn> {
  const { series, flows, signal, progress } = context
  const seen = seenOf(window, context.seen)
  const question = {
    series,
    flows,
    stored,
    window,
    split,
    unit: units[measure],
    connections: measure === 'connections',
    top,
    seen,
    known,
    signal,
    progress,
  }
  const { grid, covered, away, lines, fiveMinute, remarks } = await fromArchive(question, stepMs)
  return {
    source: 'archive',
    grid,
    lines,
    covered,
    finest: covered,
    away,
    remarks,
    fiveMinute: (line) => ({ values: fiveMinute.get(line)! }),
    partsAreBounds: false,
    openAt: openArchiveStep(grid, covered.openUntil),
  }
}

/**
 * The first step of the interval that is still open: most of its flows have not been reported yet.
 */
function openArchiveStep(grid: Grid, openUntil: number | null): number {
  if (openUntil === null || openUntil >= gridEnd(grid)) return -1
  const open = intervalStart(openUntil - 1)
  return Math.max(0, Math.floor((open - grid.from) / grid.stepMs))
}
