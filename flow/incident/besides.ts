/** The times right beside an event: what the others did then, and whether they really had less within it. */
import { fallBeyondChance, signsOfLife } from './chance.ts'
import type { Fall } from './others.ts'
import { isApart, mean, percentile, type Run } from './rates.ts'
import type { Scene } from './scene.ts'

const besideSeconds = 60
/** Confidence required that the drop is not chance (see chance.ts); higher if there are similar lulls. */
const sureMin = 6
const sureBesideLulls = 8
/** The others were cut off before an event if for one of these times, in seconds, they kept at most this share of what was due. */
const alreadySeconds = [5, 10, 15, 20, 30, 45, 60]
const alreadyShare = 0.1
/** What carries less than this share of its rate in an event has not begun. */
const begunShare = 0.1
/** An onset may be found this long after it. */
const onsetSeconds = 2

/**
 * Times beside an event, within the grid and at least a third of its length; those without another
 * event, if there are any.
 */
export function besides(
  { grid }: Scene,
  { span: { from, to }, events }: { span: Run; events: readonly Run[] },
  side: 'before' | 'after',
): Run[] {
  const edges =
    side === 'before'
      ? [0, 1, 2].map((n) => ({
          from: from - 2 - (n + 1) * besideSeconds,
          to: from - 2 - n * besideSeconds,
        }))
      : [0, 1, 2].map((n) => ({
          from: to + 5 + n * besideSeconds,
          to: to + 5 + (n + 1) * besideSeconds,
        }))
  const within = edges
    .map((run) => ({ from: Math.max(0, run.from), to: Math.min(grid.seconds, run.to) }))
    .filter((run) => run.to - run.from >= besideSeconds / 3)
  const apart = within.filter((run) => !events.some((e) => e.from < run.to && run.from < e.to))
  return apart.length > 0 ? apart : within
}

/** The median of several comparisons, so that neither a lull nor a burst beside the event decides. */
export function middle(falls: readonly Fall[]): Fall {
  const of = (field: keyof Fall) =>
    percentile(
      falls.map((fall) => fall[field]),
      0.5,
    )
  return {
    bytes: of('bytes'),
    openings: of('openings'),
    due: of('due'),
    answers: of('answers'),
    answersDue: of('answersDue'),
    hosts: of('hosts'),
  }
}

/**
 * Whether the others' new connections, or the answers to them, dropped by more than chance. Bytes
 * alone do not show it: most belong to a few downloads, which may end at the same time. The minutes beside may
 * be busy by chance, so as much must be due by the average around it, too.
 */
export function isSure(
  scene: Scene,
  actors: ReadonlySet<number>,
  { span, events, times }: { span: Run; events: readonly Run[]; times: number },
): boolean {
  const beside = (['before', 'after'] as const).flatMap((side) =>
    besides(scene, { span, events }, side),
  )
  // In the first and last second some traffic still passes.
  const run = { from: span.from + 1, to: span.to - 1 }
  const sure = signsOfLife(scene, (host) => !actors.has(host)).map((counts) => {
    const rates = beside.map(({ from, to }) => mean(counts, from, to))
    const usual = Math.min(percentile(rates, 0.5), meanAround(counts, [span, ...events]))
    return fallBeyondChance(counts, { run, usual, events: [span, ...events] })
  })
  return Math.max(...sure) >= (times === 0 ? sureMin : sureBesideLulls)
}

/** The mean of the seconds outside events. */
function meanAround(counts: Float64Array, events: readonly Run[]): number {
  const outside = counts.filter((_, t) => isApart(t, 1, events))
  return outside.length > 0 ? mean(outside, 0, outside.length) : Number.POSITIVE_INFINITY
}

/**
 * Whether the others were cut off, beyond chance, before `rate` (of what has most of an event, by second) rose: then what
 * began is not why they fell.
 */
export function wereCutBefore(
  scene: Scene,
  actors: ReadonlySet<number>,
  { span, events, rate }: { span: Run; events: readonly Run[]; rate: Float64Array },
): boolean {
  const beside = besides(scene, { span, events }, 'before')
  const begun = begunShare * mean(rate, span.from, span.to)
  const to = span.from - onsetSeconds
  return signsOfLife(scene, (host) => !actors.has(host)).some((counts) => {
    // In most of the times beside it they may have been cut off as well.
    const rates = beside.map((each) => mean(counts, each.from, each.to))
    const usual = Math.min(Math.max(0, ...rates), meanAround(counts, [span, ...events]))
    return alreadySeconds.some((seconds) => {
      const run = { from: to - seconds, to }
      if (mean(counts, run.from, run.to) > alreadyShare * usual) return false
      if (mean(rate, run.from, run.to) > begun) return false
      return fallBeyondChance(counts, { run, usual, events: [span, ...events] }) >= sureMin
    })
  })
}
