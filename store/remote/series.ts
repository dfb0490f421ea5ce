/** Series on another machine, for readers. */
import type { SeriesReader } from '../series.ts'

/** The queries, sent to the store itself. */
export type RemoteSeries = Omit<SeriesReader, 'problems' | 'close'>

/** A request without an answer by then is aborted: ingest waits for some of them. */
export const writerMsMax = 20_000
/** The same for a read-only process. */
export const queryMsMax = 30_000
/** How long a tier's first and last step are cached. */
const extentMsMax = 3000

/**
 * The series for a read-only process: queries fail while the store is away. Every series query first
 * asks for the extents of all tiers: they are cached for a moment.
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
