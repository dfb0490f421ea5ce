/** Series on another machine, as they are asked for. */
import type { SeriesReader } from './series.ts'

/** The questions, asked of the store itself. */
export type RemoteSeries = Omit<SeriesReader, 'problems' | 'close'>

/** A request without an answer by then is given up: ingest waits for some of them. */
export const writerMsMax = 20_000
/** The same for a process that only asks. */
export const queryMsMax = 30_000
/** What was found of a tier's first and last step holds for so long. */
const extentMsMax = 3000

/**
 * The series for a process that only asks: questions fail while the store is away. Every question about
 * series asks for the extents of all tiers first: they are kept for a moment.
 */
export function remoteReader(remote: RemoteSeries, close: () => Promise<void>): SeriesReader {
  const extents = new Map<string, { extent: { from: number; to: number }; at: number }>()
  return {
    ...remote,
    async extent(tier) {
      const held = extents.get(tier.name)
      if (held && performance.now() - held.at < extentMsMax) return held.extent
      const extent = await remote.extent(tier)
      if (extent) extents.set(tier.name, { extent, at: performance.now() })
      return extent
    },
    close,
  }
}
