/** What the archive has for a store that keeps its closed files too. */
import { intervalStart } from '../flow/interval.ts'
import type { Archive } from '../store/archive/archive.ts'
import type { ArchiveSeen } from '../store/clickhouse/shipping.ts'

/** The archive as of a moment (unix ms): what of it is over, and what is still being written. */
export function archiveSeen(archive: Archive, nowMs: number): ArchiveSeen {
  const entries = archive.entries()
  let closedBeforeMs = intervalStart(nowMs)
  for (const { isChunk, interval } of entries)
    if (isChunk) closedBeforeMs = Math.min(closedBeforeMs, interval)
  return { entries, closedBeforeMs, breaks: archive.value('breaks') ?? [] }
}
