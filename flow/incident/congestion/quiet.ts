/** When the others of an event were quiet, which tells what of the actors' traffic did harm. */
import type { Others } from '../effect/other-hosts.ts'
import { mean } from '../scene/rates.ts'
import type { Run } from '../scene/runs.ts'

/**
 * The others are quiet at this share of their usual rate, with at least this many openings or
 * answers missing.
 */
const quietShare = 0.1
const quietMin = 12
/** What is usual is their rate for so long before and after. */
const besideSeconds = 180
/** When it began and ended is sure to this log likelihood. */
const sureMin = 3

/** A time of quiet, which began at `earliest` and ended at `latest` at the most. */
export interface Quiet extends Run {
  earliest: number
  latest: number
}

/**
 * The seconds of a range in which the others hardly opened a connection, or got hardly an answer,
 * by maximum likelihood; null if none stand out.
 */
export function quietOf(
  { openings, answers }: Pick<Others, 'openings' | 'answers'>,
  range: Run,
): Quiet | null {
  const [opened, answered] = [longestIn(openings, range), longestIn(answers, range)]
  return (answered.score > opened.score ? answered : opened).quiet
}

/** The time of quiet in counts by second, and its log likelihood against the usual rate. */
function longestIn(
  counts: Float64Array,
  { from, to }: Run,
): { score: number; quiet: Quiet | null } {
  const beside = [
    { from: Math.max(0, from - besideSeconds), to: from },
    { from: to, to: Math.min(counts.length, to + besideSeconds) },
  ].filter((run) => run.to > run.from)
  const usual = Math.min(...beside.map((run) => mean(counts, run.from, run.to)))
  let best: { score: number; quiet: Run | null } = { score: quietMin, quiet: null }
  const [step, slope] = [Math.log(quietShare), (quietShare - 1) * usual]
  const gain = (t: number) => counts[t]! * step - slope
  if (beside.length === 0 || usual === 0) return { score: 0, quiet: null }
  let [score, start] = [0, from]
  for (let t = from; t < to; t++) {
    score += gain(t)
    if (score <= 0) [score, start] = [0, t + 1]
    if (score > best.score) best = { score, quiet: { from: start, to: t + 1 } }
  }
  if (best.quiet === null) return { score: 0, quiet: null }
  let { from: earliest, to: latest } = best.quiet
  for (let left = sureMin; earliest > 0 && left + gain(earliest - 1) > 0; earliest--)
    left += gain(earliest - 1)
  for (let left = sureMin; latest < counts.length && left + gain(latest) > 0; latest++)
    left += gain(latest)
  return { score: best.score, quiet: { ...best.quiet, earliest, latest } }
}
