/** Whether the others really had less within an event, and not only by chance, nor before it. */
import { mean, percentile } from '../scene/rates.ts'
import { isApart, type Run } from '../scene/runs.ts'
import type { Scene } from '../scene/scene.ts'
import { onsetSeconds, runsBeside, runsOnBothSides } from './beside.ts'
import { fallBeyondChance, signsOfLife } from './chance.ts'

/** Confidence required that the drop is not chance (see chance.ts); higher if a lull is likely. */
const sureMin = 6
const sureOfLikely = 8
/**
 * The others were cut off before an event if for one of these times, in seconds, they kept at most
 * this share of what was due.
 */
const alreadySeconds = [5, 10, 15, 20, 30, 45, 60]
const alreadyShare = 0.25
/** What carries less than this share of its rate in an event has not begun. */
const begunShare = 0.1

/**
 * Whether the others' new connections, or the answers to them, dropped by more than chance. Bytes
 * alone do not show it: most belong to a few downloads, which may end at the same time. The minutes
 * beside may be busy by chance, so as much must be due by the average around it, too. A lull is
 * likely if there were other lulls, or if the quietest part of a time was looked for.
 */
export function isFallCertain(
  scene: Scene,
  actors: ReadonlySet<number>,
  { span, events, isLikely }: { span: Run; events: readonly Run[]; isLikely: boolean },
): boolean {
  const beside = runsOnBothSides(scene, { span, events })
  // In the first and last second some traffic still passes.
  const run = { from: span.from + 1, to: span.to - 1 }
  const sure = signsOfLife(scene, (host) => !actors.has(host)).map((counts) => {
    const rates = beside.map(({ from, to }) => mean(counts, from, to))
    const usual = Math.min(percentile(rates, 0.5), meanAround(counts, [span, ...events]))
    return fallBeyondChance(counts, { run, usual, events: [span, ...events] })
  })
  return Math.max(...sure) >= (isLikely ? sureOfLikely : sureMin)
}

/** The mean of the seconds outside events. */
function meanAround(counts: Float64Array, events: readonly Run[]): number {
  const outside = counts.filter((_, t) => isApart(t, 1, events))
  return outside.length > 0 ? mean(outside, 0, outside.length) : Number.POSITIVE_INFINITY
}

/**
 * Whether the others were cut off, beyond chance, before `rate` (of what has most of an event, by
 * second) rose: then what began is not why they fell.
 */
export function wereCutBefore(
  scene: Scene,
  actors: ReadonlySet<number>,
  { span, events, rate }: { span: Run; events: readonly Run[]; rate: Float64Array },
): boolean {
  const beside = runsBeside(scene, { span, events }, 'before')
  const begun = begunShare * mean(rate, span.from, span.to)
  const to = span.from - onsetSeconds
  return signsOfLife(scene, (host) => !actors.has(host)).some((counts) => {
    // In most of the times beside it they may have been cut off as well.
    const rates = beside.map((each) => mean(counts, each.from, each.to))
    const usual = Math.min(Math.max(0, ...rates), meanAround(counts, [span, ...events]))
    return alreadySeconds.some((seconds) => {
      const run = { from: to - seconds, to }
      if (mean(counts, run.from, span.from) > alreadyShare * usual) return false
      if (mean(rate, run.from, run.to) > begun) return false
      return fallBeyondChance(counts, { run, usual, events: [span, ...events] }) >= sureMin
    })
  })
}
