/** The times right beside an event, with which it is compared. */
import { isOverlapping, type Run } from '../scene/runs.ts'
import type { Scene } from '../scene/scene.ts'

const besideSeconds = 60
/** An onset may be found this long after it. */
export const onsetSeconds = 2
/** What had waited passes for this long after an event. */
const settleSeconds = 5

/**
 * Times on one side of an event, within the grid and at least a third of their length; those without another
 * event, if there are any.
 */
export function runsBeside(
  { grid }: Scene,
  { span, events }: { span: Run; events: readonly Run[] },
  side: 'before' | 'after',
): Run[] {
  const start = (n: number) =>
    side === 'before'
      ? span.from - onsetSeconds - (n + 1) * besideSeconds
      : span.to + settleSeconds + n * besideSeconds
  const within = [0, 1, 2]
    .map((n) => ({
      from: Math.max(0, start(n)),
      to: Math.min(grid.seconds, start(n) + besideSeconds),
    }))
    .filter((run) => run.to - run.from >= besideSeconds / 3)
  const apart = within.filter((run) => !events.some((each) => isOverlapping(each, run)))
  return apart.length > 0 ? apart : within
}

/** Those before an event and those after it. */
export function runsOnBothSides(scene: Scene, event: { span: Run; events: readonly Run[] }): Run[] {
  return [...runsBeside(scene, event, 'before'), ...runsBeside(scene, event, 'after')]
}
