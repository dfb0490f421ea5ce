/** The rows of changed intervals, on their way to the series. */
import { setImmediate as nextTurn } from 'node:timers/promises'

import type { StepRows } from '../../store/series.ts'
import type { Buckets } from '../buckets/buckets.ts'
import type { CoverageTracker } from '../coverage/coverage.ts'
import type { CounterTracker } from '../counters/interface-counters.ts'
import type { DueIntervals } from './due.ts'
import type { SeriesWriter } from './writer.ts'

interface BatchParts {
  buckets: Buckets
  coverage: CoverageTracker
  counters: CounterTracker
  writer: SeriesWriter
}

export interface Batch {
  intervals: number[]
  steps: StepRows[]
  /** Call it if the batch could not be written. */
  putBack: () => void
}

/**
 * The rows of all intervals in `held`, which it empties, and of those with changed coverage or
 * counters; of the latter, intervals not in the buckets are added to `redo`. Taken before the
 * archive is sealed, so that the archive has every flow counted here. Waiting datagrams are counted
 * between two intervals, because the rows of one with a million hosts take half a second.
 */
export async function takeBatch(
  { buckets, coverage, counters, writer }: BatchParts,
  { held, redo }: Pick<DueIntervals, 'held' | 'redo'>,
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

/** The intervals of which coverage or counters changed since the last batch. */
export function markedIntervals({
  coverage,
  counters,
}: Pick<BatchParts, 'coverage' | 'counters'>): ReadonlySet<number> {
  return new Set([...coverage.changed.intervals(), ...counters.changed.intervals()])
}
