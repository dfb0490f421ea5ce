/**
 * Gathers the flows of a window that pass its filter in memory, if they are few: files are scanned
 * once, and all queries of a page are answered from memory.
 */
import type { FlowWindow } from '../../flows.ts'
import { heldFlows, type HeldFlows } from './held-files.ts'
import type { ScannedWindow } from '../scanned/requests.ts'
import type { FilesToScan, GroupToScan, Scanning } from '../scanned/scanner.ts'

/** Row groups used to estimate how many flows pass: with two threads, as many as finish together. */
const sampledMax = 4
/** An estimate this much above the limit means that too many pass. */
const estimatedTimes = 1.5

/**
 * The flows that pass; null if they are more than about `rowsMax`, or if the files need SQL.
 * @throws the error that prevents reading a file
 */
export async function gather(
  { scanner, session }: Scanning,
  files: FilesToScan,
  { query, rowsMax }: { query: FlowWindow; rowsMax: number },
): Promise<HeldFlows[] | null> {
  const { from, to, filter, progress } = query
  // A flow that ends at the very first ms belongs to the window, though no part of it lies inside.
  const window: ScannedWindow = { from: from - 1, to, include: 'any', filter }
  const groups = await scanner.groups(files, window)
  if (groups === null) return null
  // If there are too many, gathering some of them would be wasted.
  const sampled = sampleOf(groups)
  if (sampled.length < groups.length) {
    const passing = await scanner.scan({ kind: 'count', window }, sampled, { session })
    const estimate = (passing! * rowsOf(groups)) / rowsOf(sampled)
    if (estimate > estimatedTimes * rowsMax) return null
  }
  // Each thread takes about the same number.
  const options = { session, progress, keysMax: rowsMax / scanner.threads }
  const found = await scanner.scan({ kind: 'rows', window }, groups, options)
  return found && found.map((flows) => heldFlows(flows))
}

/** A sample of row groups from throughout the window, if they are many. */
function sampleOf(groups: readonly GroupToScan[]): readonly GroupToScan[] {
  if (groups.length <= 2 * sampledMax) return groups
  const step = groups.length / sampledMax
  return groups.filter((_, i) => Math.floor((i + 1) / step) > Math.floor(i / step))
}

function rowsOf(groups: readonly GroupToScan[]): number {
  return groups.reduce((sum, { rows }) => sum + rows, 0)
}
