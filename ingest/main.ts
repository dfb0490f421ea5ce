/** The whole way of a datagram: socket → journal → decode → buckets and archive → series, tier by tier. */
import { join } from 'node:path'

import { schedule } from 'node-cron'
import type { Logger } from 'pino'

import type { ExporterBreak } from '../flow/incident/incident.ts'
import type { Settings } from '../flow/settings.ts'
import { Archive } from '../store/archive/archive.ts'
import { openSeriesStore } from '../store/open-series.ts'
import { openShipping } from '../store/open.ts'
import { AlertCluster } from './alerts/cluster.ts'
import { openAlerts } from './alerts/open.ts'
import { Collector } from './collector.ts'
import { openConsole } from './console/console.ts'
import { openConsolidator } from './consolidate/consolidator.ts'
import { CoverageTracker } from './coverage/coverage.ts'
import { CounterTracker } from './counters/interface-counters.ts'
import { returnFreedMemory } from '../store/freed-memory.ts'
import { boundGarbage } from './heap.ts'
import { IncidentWatch } from './incidents/watch.ts'
import { LiveRing } from './live/ring.ts'
import { lockDataFolder } from './lock.ts'
import { Neighbours } from './coverage/neighbours.ts'
import { openBuckets } from './open/buckets.ts'
import { openPipeline, replayJournal } from './open/pipeline.ts'
import { openReceiver, takenBy } from './open/receiver.ts'
import { openState } from './open/state.ts'
import { Reporter } from './status/reporter.ts'
import { SeriesWriter } from './series/writer.ts'
import { archiveSeen } from './shipping.ts'

/** Every 15 s, so that a flow can be asked for within 30 s of its arrival. */
const wakeUps = '*/15 * * * * *'

/**
 * Collects until closed. What it needs of the data folder it makes; a folder in use is an error. Once `stopping` is aborted,
 * what can be done at the next start is left to it.
 * @throws the reason of `stopping`, where it was aborted before anything was received
 */
export async function runIngest(
  settings: Settings,
  log: Logger,
  stopping?: AbortSignal,
): Promise<{ close(): Promise<void> }> {
  const { data, tiers, local, top, flowMaxMs } = settings
  const giveBack = await returnFreedMemory()
  const lock = await lockDataFolder(data, 'ingest')
  // What comes before all is open, and while the journal is replayed, waits.
  const receiver = await openReceiver(settings)
  const listeningFrom = Date.now()
  const archive = await Archive.open(join(data, 'archive'))
  const store = await openSeriesStore(settings, { isApart: true })
  const shipping = await openShipping(settings)
  const kept = await openState(settings, log)
  const { state, note } = kept

  const coverage = new CoverageTracker(listeningFrom)
  const counters = new CounterTracker()
  coverage.breaks.restore(archive.value<ExporterBreak[]>('breaks') ?? [])
  const { buckets, followed, trackers } = await openBuckets(settings, { archive, state })
  const live = new LiveRing(local)
  const neighbours = await Neighbours.open(settings, { archive, coverage })
  const handover = neighbours?.handover
  const decoding = { coverage, counters, buckets, archive, live, handover }
  const pipeline = await openPipeline(settings, log, decoding)
  await replayJournal(settings, log, { archive, coverage, pipeline, receiver, stopping })
  coverage.resume(listeningFrom)

  const written = { tier: tiers[0]!, local, top, flowMaxMs, trackers: followed }
  const writer = new SeriesWriter({ ...written, archive, store, coverage, counters })
  const consolidator = await openConsolidator(settings, store)
  const incidents = await IncidentWatch.open(settings, log)
  receiver.take(takenBy(pipeline, archive))
  const shared = { settings, receiver, pipeline, buckets, trackers, log, giveBack }
  const made = { archive, coverage, counters, writer, consolidator, incidents, neighbours }
  const collector = new Collector({ ...shared, ...made, bundles: shipping === null })
  const cluster = await AlertCluster.open(settings)
  const alerts = await openAlerts({ ...shared, ...made, state, note, followed, store, cluster })
  const console = openConsole({ ...shared, data, state, live, collector, alerts })
  const reporter = await Reporter.open({
    ...shared,
    collector,
    alerts,
    store,
    shipping,
    neighbours,
    routes: console.routes,
  })
  stopping?.addEventListener('abort', () => collector.endSoon())
  if (!stopping?.aborted) await collector.tick()
  store.follow?.()
  const tick = async () => {
    await collector.tick()
    shipping?.look(archiveSeen(archive, Date.now()))
    neighbours?.tell(() => reporter.status())
  }
  const clock = schedule(wakeUps, tick, { timezone: 'UTC', noOverlap: true })

  boundGarbage()

  const close = async () => {
    console.close()
    collector.endSoon()
    await receiver.stop()
    await clock.stop()
    await collector.tick(true)
    await neighbours?.close(() => reporter.status())
    await reporter.close()
    for (const part of [receiver, shipping, archive, consolidator, incidents, store, cluster, kept])
      await part?.close()
    await lock.release()
  }
  return { close }
}
