/** Rebuilds intervals of the running collector from the archive. */
import { performance } from 'node:perf_hooks'

import type { Archive } from '../../store/archive/archive.ts'
import type { Consolidator } from '../consolidate/consolidator.ts'
import type { IncidentWatch } from '../incidents/watch.ts'
import type { DueIntervals } from './due.ts'
import type { SeriesWriter } from './writer.ts'

interface RedoParts {
  archive: Archive
  consolidator: Consolidator
  incidents: IncidentWatch
  writer: SeriesWriter
}

/**
 * Rebuilds intervals, the newest first, for `msMax` and until `stop` is aborted, `slice` at once;
 * the rest waits, and so does one with a file that may not be read. Without all of its flows, none
 * is judged again.
 * @throws if the archive cannot be read or the series cannot be written
 */
export async function redoFromArchive(
  { archive, consolidator, incidents, writer }: RedoParts,
  due: DueIntervals,
  { msMax, slice, stop }: { msMax: number; slice: number; stop: AbortSignal },
): Promise<void> {
  const until = performance.now() + msMax
  const intervals = [...due.redo].sort((a, b) => b - a)
  const isNew = (at: number) => due.hasNewFlows(at) && archive.isComplete(at)
  const written = async (done: readonly number[]) => {
    await incidents.changed(done.filter(isNew))
    await consolidator.intervalsWritten(done)
    due.rebuilt(done)
    await archive.clearRedo(done.filter((each) => !due.held.has(each)))
  }
  while (intervals.length > 0 && performance.now() < until) {
    const next = intervals.splice(0, slice).filter((each) => due.redo.has(each))
    const readable = archive.mayReadAll(next)
    try {
      if (!(await writer.redo(readable, { written, stop }))) return
    } catch (error) {
      // The archive found another one without permission: the others of these do without it.
      if (archive.mayReadAll(readable).length === readable.length) throw error
      intervals.unshift(...readable)
    }
  }
}
