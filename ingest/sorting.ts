/** When the archive's files are sorted, which takes much memory. */
import type { ArchiveEntry } from '../store/archive/entry.ts'

/** While something else takes as much memory as sorting does, files are sorted only beyond this many unsorted rows. */
const unsortedRowsMax = 10_000_000

/** Whether to sort now: while the memory for it is taken, only if very many rows are unsorted. */
export function sortsNow(
  entries: readonly Pick<ArchiveEntry, 'isChunk' | 'rows'>[],
  { isTaken }: { isTaken: boolean },
): boolean {
  if (!isTaken) return true
  const unsorted = entries.reduce((sum, { isChunk, rows }) => (isChunk ? sum + rows : sum), 0)
  return unsorted > unsortedRowsMax
}
