/** The rows of the intervals that changed, on their way to the series. */
import { setImmediate as nextTurn } from 'node:timers/promises'

import type { StepRows } from '../../store/series.ts'
import type { Buckets } from '../buckets/buckets.ts'
import type { CoverageTracker } from '../coverage/coverage.ts'
import type { CounterTracker } from '../counters/interface-counters.ts'
import type { SeriesWriter } from './writer.ts'

export interface BatchParts {
  buckets: Buckets
  coverage: CoverageTracker
  counters: CounterTracker
  writer: SeriesWriter
}

export interface Batch {
  intervals: number[]
  steps: StepRows[]
  /** For when the batch could not be written. */
  putBack: () => void
}

/**
 * The rows of all intervals in `held`, which is empty then, with those of which coverage or counters changed; of these, intervals that are
 * not held in the buckets are added to `redo`. It is taken before the archive is sealed, which then has every flow that is counted in it.
 * Between two intervals what waits is counted: of a million hosts the rows of one take half a second.
 */
export async function takeBatch(
  { buckets, coverage, counters, writer }: BatchParts,
  { held, redo }: { held: Set<number>; redo: Set<number> },
): Promise<Batch> {
  const covered = coverage.changed.take()
  const counted = counters.changed.take()
  for (const interval of [...covered.keys(), ...counted.keys()])
    (buckets.isHeld(interval) ? held : redo).add(interval)
  const intervals = [...held]
  held.clear()
  const steps: StepRows[] = []
  for (const [i, interval] of intervals.entries()) {
    if (i > 0) await nextTurn()
    const exporters = [...(covered.get(interval) ?? []), ...(counted.get(interval) ?? [])]
    steps.push(...writer.stepsOf(buckets, interval, { exporters }))
  }
  return {
    intervals,
    steps,
    putBack: () => {
      for (const interval of intervals) held.add(interval)
      coverage.changed.putBack(covered)
      counters.changed.putBack(counted)
    },
  }
}
