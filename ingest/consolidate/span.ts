/** Spans of time in which steps are due, so that the 5-minute rows of each are read once. */
import type { RedoStep } from './redo.ts'

/** Due steps of any tiers within [from, to), unix ms. */
export interface Span {
  from: number
  to: number
  steps: RedoStep[]
}

/** Longest span, unless a single step is longer: the work that a crash may repeat. */
const spanMaxMs = 32 * 86_400_000

/** The spans of due steps: no two overlap, and each step lies in one. */
export function spansOf(due: readonly RedoStep[]): Span[] {
  // Steps of tiers nest: one that overlaps the current span lies in it.
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
