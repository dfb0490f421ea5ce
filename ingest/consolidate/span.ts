/** Stretches of time in which steps are due, so that the 5-minute rows of each are read once. */
import type { RedoStep } from './redo.ts'

/** Due steps, of any tiers, that lie in [from, to), unix ms. */
export interface Span {
  from: number
  to: number
  steps: RedoStep[]
}

/** A span is no longer than this, but for a single step that is: what a crash leaves to do again. */
const spanMaxMs = 32 * 86_400_000

/** The spans of due steps: no two overlap, each step lies in one. */
export function spansOf(due: readonly RedoStep[]): Span[] {
  // Steps of tiers nest: where one overlaps the span so far, it lies in it.
  const sorted = [...due].sort((a, b) => a.time - b.time || b.tier.stepMs - a.tier.stepMs)
  const spans: Span[] = []
  let span: Span | undefined
  for (const step of sorted) {
    const end = step.time + step.tier.stepMs
    const fits =
      span !== undefined &&
      (step.time < span.to || (step.time === span.to && end - span.from <= spanMaxMs))
    if (span && fits) {
      span.to = Math.max(span.to, end)
      span.steps.push(step)
    } else spans.push((span = { from: step.time, to: end, steps: [step] }))
  }
  return spans
}
