/** The view of the archive for a store that also gets its closed files. */
import { intervalStart } from '../flow/interval.ts'
import type { Archive } from '../store/archive/archive.ts'
import type { ArchiveValues } from '../store/archive/entry.ts'
import type { ArchiveSeen } from '../store/clickhouse/shipping.ts'

/** The archive at a moment (unix ms): which part is closed, and which is still being written. */
export function archiveSeen(archive: Archive, nowMs: number): ArchiveSeen {
  const entries = archive.entries()
  let closedBeforeMs = intervalStart(nowMs)
  for (const { isChunk, interval } of entries)
    if (isChunk) closedBeforeMs = Math.min(closedBeforeMs, interval)
  const unreadable = archive.value<ArchiveValues['unreadable']>('unreadable') ?? []
  return { entries, closedBeforeMs, unreadable, breaks: archive.value('breaks') ?? [] }
}
