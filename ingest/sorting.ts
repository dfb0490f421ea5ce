/** When the archive's files are sorted, which takes much memory. */
import { performance } from 'node:perf_hooks'

import type { ArchiveEntry } from '../store/archive/entry.ts'

/** While something else takes as much memory as sorting does, files are sorted only beyond this many unsorted rows. */
const unsortedRowsMax = 10_000_000
/** Sorting and bundling wait while this thread spends more than this share of its time on incoming flows. */
const busyShare = 0.4

/** Whether to sort now: while the memory for it is taken, only if very many rows are unsorted. */
export function sortsNow(
  entries: readonly Pick<ArchiveEntry, 'isChunk' | 'rows'>[],
  { isTaken }: { isTaken: boolean },
): boolean {
  if (!isTaken) return true
  const unsorted = entries.reduce((sum, { isChunk, rows }) => (isChunk ? sum + rows : sum), 0)
  return unsorted > unsortedRowsMax
}

/** How busy this thread is. */
export class ThreadLoad {
  #utilization = performance.eventLoopUtilization()

  /** Whether incoming flows kept it busy since the last call. */
  isBusy(): boolean {
    const before = this.#utilization
    this.#utilization = performance.eventLoopUtilization()
    return performance.eventLoopUtilization(this.#utilization, before).utilization > busyShare
  }
}
