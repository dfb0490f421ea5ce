/** What only 5-minute totals can tell of a coarser answer: exact maxima and the 95th percentile. */
import { intervalMs, type Tier } from '../../flow/interval.ts'
import { gridEnd, type Grid } from './grid.ts'
import { fromTier, type TierAnswer, type TierQuestion } from './from-tier.ts'
import type { Line } from './line.ts'
import type { FiveMinute } from './summary.ts'

/** The most 5-minute rows that are read for one answer: exporters × keys × intervals. */
export const fiveMinuteRowsMax = 3_000_000

export interface FiveMinuteFacts {
  tier: Tier
  extent: { from: number; to: number } | null
  /** Whether 5-minute totals go back as far in the window as any totals do. */
  reaches: boolean
  /** Whether every step's maximum is asked for, and not only the greatest. */
  wantsPeaks: boolean
}

export interface FiveMinuteAnswer {
  /** 5-minute values, by line, or why there are none. */
  values: (line: Line) => FiveMinute
  /** What was read, where it is the whole window. */
  answer: TierAnswer | null
}

/**
 * Reads the 5-minute totals that lie under an answer and puts exact maxima into its lines. Where
 * they do not reach back as far as the answer, only the steps are read whose bound could hold the
 * greatest maximum (or all, where peaks are wanted).
 */
export async function lookIntoFiveMinutes(
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
  const span = facts.reaches ? kept : worthReading(coarse, kept, facts)
  const reason = `5-minute totals are kept since ${new Date(extent.from).toISOString()} only`
  if (!span || span.from >= span.to) return none(facts.reaches ? 'nothing is known' : reason)
  if (rowsUnder(coarse, span) > fiveMinuteRowsMax)
    return none('too many 5-minute totals lie in the window: ask for less time or fewer keys')
  const fine = await fromTier(question, { tier, ...span }, coarse.keys)
  const pairs = new Map<Line, Line>()
  coarse.lines.forEach((line, i) => pairs.set(line, fine.lines[i]!))
  coarse.rests.forEach((line, i) => pairs.set(line, fine.rests[i]!))
  for (const [line, exact] of pairs) putPeaks({ line, grid: coarse.grid }, exact, fine.grid)
  if (!facts.reaches) return none(reason)
  return { values: (line) => ({ values: pairs.get(line)!.average }), answer: fine }
}

function rowsUnder({ lines, rests, covered }: TierAnswer, span: { from: number; to: number }) {
  const exporters = Math.max(1, covered.exporters.length)
  return ((span.to - span.from) / intervalMs) * exporters * (lines.length + rests.length)
}

/** From the first to the last step of 5-minute totals whose bound may hide a greatest maximum. */
function worthReading(
  { lines, rests, grid }: TierAnswer,
  kept: { from: number; to: number },
  { wantsPeaks }: FiveMinuteFacts,
): { from: number; to: number } | null {
  const first = Math.max(0, Math.ceil((kept.from - grid.from) / grid.stepMs))
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  for (const line of [...lines, ...rests]) {
    const sure = wantsPeaks ? Number.NEGATIVE_INFINITY : greatestSure(line)
    for (let at = first; at < grid.count; at++) {
      if (line.parts[at]! < 2 || !(line.peak[at]! > sure)) continue
      from = Math.min(from, at)
      to = Math.max(to, at)
    }
  }
  return from <= to
    ? {
        from: grid.from + from * grid.stepMs,
        to: Math.min(kept.to, grid.from + (to + 1) * grid.stepMs),
      }
    : null
}

/** What the greatest maximum is at least: a mean is never above its maximum. */
function greatestSure({ peak, average, parts }: Line): number {
  let sure = Number.NEGATIVE_INFINITY
  for (let at = 0; at < peak.length; at++) {
    const value = parts[at]! > 1 ? average[at]! : peak[at]!
    if (value > sure) sure = value
  }
  return sure
}

/** The greatest known 5-minute value of each step, in the place of its bound. */
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
    if (Number.isNaN(most)) continue
    line.peak[at] = most
    line.parts[at] = 1
  }
}
