/** A series answered from the flow archive. */
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import { badQuery } from '../errors.ts'
import type { FlowStore, FlowWindow } from '../../store/flows.ts'
import { withoutUnreadable } from '../../store/coverage.ts'
import type { Coverage, SeriesReader } from '../../store/series.ts'
import { blankAway, layAway, type AwaySteps } from './away-steps.ts'
import { archiveLines, fiveMinuteValues, foldLine } from './archive-lines.ts'
import { layCoverage, type CoverageGrid, type Seen, type SumRule } from './coverage.ts'
import { gridEnd, gridOver, type Grid } from './grid.ts'
import type { Line, Unit } from './line.ts'
import type { Split } from './measured.ts'
import { reaches, stepsMax, type Stored } from './source.ts'
import { archiveFilter, exportersOf, onlyExporter, type Window } from './window.ts'

interface ArchiveQuestion {
  series: SeriesReader
  flows: FlowStore
  stored: Stored
  window: Window
  split: Split
  unit: Unit
  /** Count connections opened, not flows. */
  connections: boolean
  top: number
  seen: readonly Seen[]
  known: SumRule
  signal: AbortSignal | undefined
  progress: FlowWindow['progress']
}

interface ArchiveAnswer {
  grid: Grid
  covered: CoverageGrid
  /** Steps under 5 minutes in which an exporter was away; null if there are none. */
  away: AwaySteps | null
  lines: Line[]
  /** 5-minute values, by line. */
  fiveMinute: ReadonlyMap<Line, Float64Array>
  /** What was left out because it cannot be read. */
  remarks: readonly string[]
}

/** Steps of any length over a window; those over 5 minutes are folded from 5-minute ones. */
export async function fromArchive(
  question: ArchiveQuestion,
  stepMs: number,
): Promise<ArchiveAnswer> {
  const { window, split, unit, stored } = question
  const grid = gridOver(window.from, window.to, stepMs)
  const first = intervalStart(stored.archive.first ?? Number.POSITIVE_INFINITY)
  const fine = fineGrid(grid, first)
  if (fine.count > stepsMax)
    throw badQuery(
      'window-too-long',
      `the archive is read in steps of 5 minutes, and ${fine.count} are more than ${stepsMax}`,
      'ask for less time',
    )
  const [flows, rows, breaks] = await Promise.all([
    question.flows.series({
      from: grid.from,
      to: gridEnd(grid),
      filter: archiveFilter(window),
      include: window.include,
      signal: question.signal,
      progress: question.progress,
      stepMs: fine.stepMs,
      by: split.by.filter((word) => word !== 'tracker' && word !== 'counter'),
      top: question.top,
      order: unit.field,
      only: unit.field,
      connections: question.connections,
    }),
    coverageUnder(question, grid),
    stepMs < intervalMs ? question.flows.breaks?.() : [],
  ])
  // Known only now that they were to be read.
  const only = onlyExporter(window)
  const unreadable = ((await question.flows.unreadable?.(grid.from, gridEnd(grid))) ?? []).filter(
    ({ exporter }) => only === undefined || (exporter ?? only) === only,
  )
  const remarks =
    unreadable.length === 0 ? [] : await question.flows.remarks?.(grid.from, gridEnd(grid))
  const covered = layCoverage(
    withoutUnreadable(rows.rows, unreadable, rows.grid.stepMs),
    rows.grid,
    question.seen,
    question.known,
  )
  const until = covered.openUntil ?? Number.POSITIVE_INFINITY
  const { directions } = split
  const reach = { first, until }
  const made = archiveLines({ grid: fine, flows, covered, unit, directions, reach })
  const away = layAway(breaks ?? [], grid, covered)
  const fiveMinute = new Map<Line, Float64Array>()
  const lines = made.map((line) => {
    const folded = foldLine(line, fine, { to: grid, until })
    fiveMinute.set(folded, fiveMinuteValues(line, fine))
    if (away) blankAway(folded, away, question.known)
    return folded
  })
  return { grid, covered, away, lines, fiveMinute, remarks: remarks ?? [] }
}

/**
 * The steps of at most 5 minutes under a grid, starting at the step in which the archive begins: of
 * a year with one month of archive, only that month is read.
 */
function fineGrid(grid: Grid, first: number): Grid {
  const { from, stepMs } = grid
  const reached = Math.floor((first - from) / stepMs) * stepMs
  const skipped = Math.min(Math.max(0, reached), gridEnd(grid) - stepMs - from)
  return gridOver(from + skipped, gridEnd(grid), Math.min(stepMs, intervalMs))
}

/** The coverage of the window, from the finest totals that go back far enough. */
async function coverageUnder(
  { series, stored, window }: ArchiveQuestion,
  grid: Grid,
): Promise<{ rows: readonly Coverage[]; grid: Grid }> {
  const { tier } =
    stored.tiers.find((each) => reaches({ from: grid.from }, stored, each.tier)) ?? stored.tiers[0]!
  const covering = gridOver(grid.from, gridEnd(grid), tier.stepMs)
  const rows = await series.coverage({
    tier,
    from: covering.from,
    to: gridEnd(covering),
    exporters: exportersOf(window),
  })
  return { rows, grid: covering }
}
