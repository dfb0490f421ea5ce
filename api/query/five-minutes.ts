/** What only 5-minute totals can add to a coarser answer: exact maxima and the 95th percentile. */
import { intervalMs, type Tier } from '../../flow/interval.ts'
import { gridEnd, type Grid } from './grid.ts'
import { fromTier, type TierAnswer, type TierQuestion } from './from-tier.ts'
import type { Line } from './line.ts'
import type { FiveMinute } from './summary.ts'

/** The most 5-minute rows read for one answer: exporters × keys × intervals. */
const fiveMinuteRowsMax = 3_000_000

interface FiveMinuteFacts {
  tier: Tier
  extent: { from: number; to: number } | null
  /** Whether 5-minute totals go back as far in the window as any totals do. */
  reaches: boolean
  /** Whether every step's maximum is needed, not only the greatest. */
  wantsPeaks: boolean
}

interface FiveMinuteAnswer {
  /** 5-minute values, by line, or why there are none. */
  values: (line: Line) => FiveMinute
  /** What was read, if it covers the whole window. */
  answer: TierAnswer | null
}

/**
 * Reads the 5-minute totals under an answer and puts exact maxima into its lines. If they do not go
 * back as far as the answer, it reads only the keys and steps whose bound could hide the greatest
 * maximum (or all, if peaks are needed).
 */
export async function addFiveMinuteFacts(
  question: TierQuestion,
  coarse: TierAnswer,
  facts: FiveMinuteFacts,
): Promise<FiveMinuteAnswer> {
  const { tier, extent } = facts
  const none = (reason: string) => ({ values: () => ({ reason }), answer: null })
  if (!extent) return none('no 5-minute totals are kept')
  const kept = {
    from: Math.max(coarse.grid.from, extent.from),
    to: Math.min(gridEnd(coarse.grid), extent.to + intervalMs),
  }
  const reason = facts.reaches
    ? 'nothing is known of the window'
    : `5-minute totals are kept since ${new Date(extent.from).toISOString()} only`
  const look =
    facts.reaches || facts.wantsPeaks ? everything(coarse, kept) : wherePeaksMayHide(coarse, kept)
  if (look.from >= look.to) return none(reason)
  if (rowsUnder(coarse, look) > fiveMinuteRowsMax)
    return none('too many 5-minute totals lie in the window: ask for less time or fewer keys')
  const keys = look.lines.map((i) => coarse.keys[i]!)
  const { from, to, wantsRest } = look
  // If a single key was asked for, there is no rest to compute from the finer rows.
  const given = { keys, wantsRest: wantsRest && coarse.rests.length > 0 }
  const fine = await fromTier(question, { tier, from, to }, given)
  const pairs = new Map<Line, Line>()
  look.lines.forEach((i, at) => pairs.set(coarse.lines[i]!, fine.lines[at]!))
  fine.rests.forEach((rest, i) => pairs.set(coarse.rests[i]!, rest))
  for (const [line, exact] of pairs) putPeaks({ line, grid: coarse.grid }, exact, fine.grid)
  if (!facts.reaches) return none(reason)
  return { values: (line) => ({ values: pairs.get(line)!.average }), answer: fine }
}

/** What to read: [from, to) of some of the lines, by index, with or without the rest. */
interface Look {
  from: number
  to: number
  lines: readonly number[]
  wantsRest: boolean
}

function everything({ lines }: TierAnswer, kept: { from: number; to: number }): Look {
  return { ...kept, lines: lines.map((_, i) => i), wantsRest: true }
}

function rowsUnder({ covered }: TierAnswer, { from, to, lines }: Look): number {
  const exporters = Math.max(1, covered.exporters.length)
  return ((to - from) / intervalMs) * exporters * (lines.length + 1)
}

/**
 * From the first to the last step whose bound may hide a greatest maximum, for the lines that have
 * one.
 */
function wherePeaksMayHide(coarse: TierAnswer, kept: { from: number; to: number }): Look {
  const { lines, rests, grid } = coarse
  const first = Math.max(0, Math.ceil((kept.from - grid.from) / grid.stepMs))
  const spans = [...lines, ...rests].map((line) => candidates(line, first))
  const from = Math.min(...spans.map((span) => span.from))
  const to = Math.max(...spans.map((span) => span.to))
  // Computing the rest takes all listed keys.
  const wantsRest = spans.slice(lines.length).some((span) => span.from < span.to)
  return {
    from: grid.from + from * grid.stepMs,
    to: Math.min(kept.to, grid.from + to * grid.stepMs),
    lines: lines.flatMap((_, i) => (wantsRest || spans[i]!.from < spans[i]!.to ? [i] : [])),
    wantsRest,
  }
}

/** The steps from `first` on whose bound exceeds what is certain without them. */
function candidates(line: Line, first: number): { from: number; to: number } {
  const span = { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY }
  const sure = greatestSure(line, first)
  for (let at = first; at < line.peak.length; at++) {
    if (line.parts[at]! < 2 || !(line.peak[at]! > sure)) continue
    span.from = Math.min(span.from, at)
    span.to = at + 1
  }
  return span
}

/**
 * A lower bound of the greatest maximum, whatever is found from `first` on: the bounds before it
 * are final, because no finer totals are left, and a mean never exceeds its maximum.
 */
function greatestSure({ peak, average, parts }: Line, first: number): number {
  let sure = Number.NEGATIVE_INFINITY
  for (let at = 0; at < peak.length; at++) {
    const value = at >= first && parts[at]! > 1 ? average[at]! : peak[at]!
    if (value > sure) sure = value
  }
  return sure
}

/** What two ways of adding the same rows may differ by. */
const rounding = 1e-9

/**
 * Replaces each step's bound by its greatest known 5-minute value. If that is below the mean, the parts of
 * a sum are known at different times, and the bound stays.
 */
function putPeaks(coarse: { line: Line; grid: Grid }, exact: Line, fine: Grid): void {
  const { line, grid } = coarse
  const perStep = grid.stepMs / intervalMs
  for (let at = 0; at < grid.count; at++) {
    if (Number.isNaN(line.average[at]!)) continue
    const first = (grid.from + at * grid.stepMs - fine.from) / intervalMs
    if (first < 0 && fine.from > grid.from && at > 0) continue
    let most = Number.NaN
    for (let i = Math.max(0, first); i < Math.min(first + perStep, fine.count); i++) {
      const value = exact.average[i]!
      if (!Number.isNaN(value) && !(value <= most)) most = value
    }
    if (!(most >= line.average[at]! * (1 - rounding))) continue
    line.peak[at] = most
    line.parts[at] = 1
  }
}
