/** A series answered from a tier's totals. */
import type { Tier } from '../../flow/interval.ts'
import type { SeriesKey, SeriesReader } from '../../store/series.ts'
import { collections } from '../../store/state/state.ts'
import { layCoverage, type CoverageGrid, type Seen, type SumRule } from './coverage.ts'
import { gridEnd, gridOver, type Grid } from './grid.ts'
import type { Line, Unit } from './line.ts'
import { wholeOf, type Split } from './measured.ts'
import { Steps } from './steps.ts'
import { tierLines } from './tier-lines.ts'
import { blankUnfollowed, type QueriedTrackers } from './trackers.ts'

export interface TierQuestion {
  series: SeriesReader
  split: Split
  unit: Unit
  top: number
  exporter: string | undefined
  seen: readonly Seen[]
  known: SumRule
  trackers: QueriedTrackers | null
}

export interface TierAnswer {
  grid: Grid
  covered: CoverageGrid
  keys: readonly SeriesKey[]
  /** One per key. */
  lines: Line[]
  /** One for each part of the rest; with total 0 if there is none. */
  rests: Line[]
  areCut: boolean
}

/** Whole steps of a tier, and the exporters to look at; undefined: all. */
interface Range {
  tier: Tier
  from: number
  to: number
  exporters: string[] | undefined
}

/** The steps of a tier over [from, to), for the greatest keys of that time or for those `given`. */
export async function fromTier(
  question: TierQuestion,
  { tier, from, to }: { tier: Tier; from: number; to: number },
  given?: { keys: readonly SeriesKey[]; wantsRest: boolean },
): Promise<TierAnswer> {
  const { series, split, unit, exporter } = question
  const grid = gridOver(from, to, tier.stepMs)
  const range: Range = {
    tier,
    from: grid.from,
    to: gridEnd(grid),
    exporters: exporter === undefined ? undefined : [exporter],
  }
  // The coverage says which 5-minute rows are known.
  const common = { ...range, fields: [unit.field], sumsOnly: true }
  const measurement = split.measurement!
  // Trackers overlap: those not listed are not part of any whole.
  const isCut = split.ranked.length > 0 && given?.wantsRest !== false && !question.trackers
  const rule = isCut ? wholeOf(split) : null
  const [coverage, { keys, listed }, whole] = await Promise.all([
    series.coverage(range),
    keysOf(question, range, given?.keys).then(async (found) => ({
      keys: found,
      listed: await series.read({ ...common, measurement, by: split.by, keys: found, rest: false }),
    })),
    rule && series.read({ ...common, ...rule }),
  ])
  const covered = layCoverage(coverage, grid, question.seen, question.known)
  const steps = new Steps(covered, unit)
  const rows = {
    steps,
    split,
    keys,
    listed,
    exporter,
    whole: rule && { rule, rows: whole! },
  }
  const made = tierLines(rows)
  const { trackers } = question
  if (trackers) for (const line of made.lines) blankUnfollowed(line, trackers, covered)
  return { grid, covered, keys, ...made }
}

/** The keys that get a line: those given, the trackers asked for, or the greatest by the measure. */
async function keysOf(
  { series, split, unit, top, trackers }: TierQuestion,
  range: Range,
  given: readonly SeriesKey[] | undefined,
): Promise<readonly SeriesKey[]> {
  if (given) return given
  if (split.ranked.length === 0) return withDirections([{}], split)
  if (trackers?.ids)
    return withDirections(
      trackers.ids.map((tracker) => ({ tracker })),
      split,
    )
  const rows = await series.top({
    ...range,
    measurement: split.measurement!,
    by: split.ranked,
    order: unit.field,
    // Rows of removed trackers stay until they expire.
    limit: trackers ? collections.trackers.countMax + top : top,
    fields: [unit.field],
  })
  const found = rows
    .map(({ key }) => key)
    .filter(({ tracker }) => !trackers || trackers.known.has(String(tracker)))
  return withDirections(found.slice(0, top), split)
}

/** Each key in each direction, if the split is by direction. */
export function withDirections(keys: readonly SeriesKey[], { directions }: Split): SeriesKey[] {
  if (directions.length === 0) return [...keys]
  return keys.flatMap((key) => directions.map((direction) => ({ ...key, direction })))
}
