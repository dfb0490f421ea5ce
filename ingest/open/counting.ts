/** Opens what datagrams go through: decoding, counting, and detection of losses. */
import type { Logger } from 'pino'

import type { ExporterBreak } from '../../flow/incident/incident.ts'
import type { Settings } from '../../flow/settings/settings.ts'
import type { Buckets } from '../buckets/buckets.ts'
import { CounterTracker } from '../counters/interface-counters.ts'
import { CoverageTracker } from '../coverage/coverage.ts'
import { Neighbours } from '../coverage/neighbours.ts'
import { LiveRing } from '../live/ring.ts'
import type { Pipeline } from '../pipeline.ts'
import type { FollowedTrackers } from '../trackers/followed.ts'
import type { TrackerKeeper } from '../trackers/keeper.ts'
import { openBuckets } from './buckets.ts'
import { openPipeline } from './pipeline.ts'
import type { IngestStores } from './stores.ts'

export interface Counting {
  coverage: CoverageTracker
  counters: CounterTracker
  buckets: Buckets
  followed: FollowedTrackers
  trackers: TrackerKeeper
  live: LiveRing
  /** Null if no other collectors share the store. */
  neighbours: Neighbours | null
  pipeline: Pipeline
}

/** Continues from the state in the archive; `listeningFrom` (unix ms) is when receiving began. */
export async function openCounting(
  settings: Settings,
  log: Logger,
  { archive, kept, listeningFrom }: IngestStores & { listeningFrom: number },
): Promise<Counting> {
  const coverage = new CoverageTracker(listeningFrom)
  coverage.breaks.restore(archive.value<ExporterBreak[]>('breaks') ?? [])
  const counters = new CounterTracker()
  const counted = await openBuckets(settings, { archive, state: kept.state })
  const live = new LiveRing(settings.local)
  const neighbours = await Neighbours.open(settings, { archive, coverage })
  coverage.isShared = neighbours !== null
  const { buckets } = counted
  const handover = neighbours?.handover
  const parts = { coverage, counters, buckets, archive, live, handover }
  const pipeline = await openPipeline(settings, log, parts)
  return { ...counted, coverage, counters, live, neighbours, pipeline }
}
