/**
 * The flows of a window that pass its filter, where these are few, in memory: files are gone through once, and all that a page
 * asks of them is asked of memory.
 */
import type { FlowWindow } from '../../flows.ts'
import { heldFlows, type HeldFlows } from './held-files.ts'
import type { ScannedWindow } from '../scanned/asked.ts'
import type { FilesToScan, GroupToScan, Scanning } from '../scanned/scanner.ts'

/** Row groups that say how many flows of all pass: with two threads, as many as end together. */
const sampledMost = 4
/** An estimate that is so much higher says that too many pass. */
const estimatedTimes = 1.5

/**
 * The flows that pass; null where these are more than about `rowsMost`, or where files are for SQL to read.
 * @throws what keeps a file from being read
 */
export async function gather(
  { scanner, session }: Scanning,
  files: FilesToScan,
  { query, rowsMost }: { query: FlowWindow; rowsMost: number },
): Promise<HeldFlows[] | null> {
  const { from, to, filter, progress } = query
  // What ends at the very first ms ends in the window, though nothing of it lies there.
  const window: ScannedWindow = { from: from - 1, to, include: 'any', filter }
  const groups = await scanner.groups(files, window)
  if (groups === null) return null
  // To gather part of what is too much would be lost.
  const sampled = sampleOf(groups)
  if (sampled.length < groups.length) {
    const passing = await scanner.scan({ kind: 'count', window }, sampled, { session })
    const estimate = (passing! * rowsOf(groups)) / rowsOf(sampled)
    if (estimate > estimatedTimes * rowsMost) return null
  }
  // Each thread takes in about as many.
  const asked = { session, progress, keysMost: rowsMost / scanner.threads }
  const found = await scanner.scan({ kind: 'rows', window }, groups, asked)
  return found && found.map((flows) => heldFlows(flows))
}

/** Some of many row groups, from throughout the window. */
function sampleOf(groups: readonly GroupToScan[]): readonly GroupToScan[] {
  if (groups.length <= 2 * sampledMost) return groups
  const step = groups.length / sampledMost
  return groups.filter((_, i) => Math.floor((i + 1) / step) > Math.floor(i / step))
}

function rowsOf(groups: readonly GroupToScan[]): number {
  return groups.reduce((sum, { rows }) => sum + rows, 0)
}
