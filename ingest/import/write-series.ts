/** Makes the series of the archive's content, for replay and rebuild, while ingest is not running. */
import type { Settings } from '../../flow/settings/settings.ts'
import type { Archive } from '../../store/archive/archive.ts'
import { IncidentLedger } from '../../store/incident/ledger.ts'
import type { SeriesStore } from '../../store/series.ts'
import { openConsolidator } from '../consolidate/consolidator.ts'
import { CounterTracker } from '../counters/interface-counters.ts'
import type { CoverageTracker } from '../coverage/coverage.ts'
import { SeriesWriter } from '../series/writer.ts'
import { followOffline } from '../trackers/offline.ts'

/**
 * Makes the series, in all tiers, of every interval that the archive lists for a rebuild or whose
 * coverage or counters changed; returns the number made, and of those kept as they are stored,
 * because the archive no longer has all of their flows. Those that the archive lists are to be
 * judged next.
 */
export async function writeSeries({
  settings,
  archive,
  store,
  coverage,
  counters = new CounterTracker(),
}: {
  settings: Settings
  archive: Archive
  store: SeriesStore
  coverage: CoverageTracker
  counters?: CounterTracker
}): Promise<{ made: number; kept: number }> {
  const { local, top, flowMaxMs } = settings
  const tier = settings.tiers[0]!
  const trackers = await followOffline(settings, archive, Date.now())
  const parts = { archive, store, coverage, counters, tier, local, top, flowMaxMs, trackers }
  const writer = new SeriesWriter(parts)
  const consolidator = await openConsolidator(settings, store)
  const ledger = await IncidentLedger.open(settings.data)
  const toJudge = new Set(archive.redo())
  const intervals = new Set(toJudge)
  for (const { changed } of [coverage, counters])
    for (const interval of changed.take().keys()) intervals.add(interval)
  const written = async (batch: readonly number[]) => {
    await consolidator.intervalsWritten(batch)
    // While they are on one of the two lists, the next start judges them, if this process is killed.
    await ledger.addPending(batch.filter((interval) => toJudge.has(interval)))
    await archive.clearRedo(batch)
  }
  await writer.redo([...intervals], { written })
  await consolidator.run(Date.now(), { isComplete: true })
  await consolidator.close()
  await ledger.close()
  await store.settled?.()
  const { keptAsStored: kept } = writer
  return { made: intervals.size - kept, kept }
}
