/** The rows of the intervals that changed, on their way to the series. */
import { setImmediate as nextTurn } from 'node:timers/promises'

import type { StepRows } from '../store/series.ts'
import type { Buckets } from './buckets/buckets.ts'
import type { CoverageTracker } from './coverage.ts'
import type { CounterTracker } from './interface-counters.ts'
import type { CoveredIntervals, SeriesWriter } from './series-writer.ts'

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

const noExporters: ReadonlySet<string> = new Set()

/**
 * The rows of all intervals in `held`, which is empty then, with those of which coverage or counters changed; of these, intervals that are
 * not held in the buckets are added to `redo`. It is taken before the archive is sealed, which then has every flow that is counted in it.
 * Between two intervals what waits is counted: of a million hosts the rows of one take half a second.
 */
export async function takeBatch(
  { buckets, coverage, counters, writer }: BatchParts,
  { held, redo }: { held: Set<number>; redo: Set<number> },
): Promise<Batch> {
  const covered = coverage.takeChanged()
  const counted = counters.takeChanged()
  const byInterval: CoveredIntervals = new Map()
  for (const [exporter, intervals] of [...covered, ...counted])
    for (const interval of intervals) {
      const exporters = byInterval.get(interval)
      if (exporters) exporters.add(exporter)
      else byInterval.set(interval, new Set([exporter]))
    }
  for (const interval of byInterval.keys()) {
    if (buckets.isHeld(interval)) held.add(interval)
    else redo.add(interval)
  }
  const intervals = [...held]
  held.clear()
  const steps: StepRows[] = []
  for (const [i, interval] of intervals.entries()) {
    if (i > 0) await nextTurn()
    steps.push(...writer.stepsHeld(buckets, interval, byInterval.get(interval) ?? noExporters))
  }
  return {
    intervals,
    steps,
    putBack: () => {
      for (const interval of intervals) held.add(interval)
      coverage.putBack(covered)
      counters.putBack(counted)
    },
  }
}
