/** The whole way of a datagram: socket → journal → decode → buckets and archive → series, tier by tier. */
import { join } from 'node:path'

import { schedule } from 'node-cron'
import type { Logger } from 'pino'

import type { ExporterBreak } from '../flow/incident/incident.ts'
import type { Settings } from '../flow/settings.ts'
import { Archive } from '../store/archive/archive.ts'
import { openSeriesStore, openShipping } from '../store/open.ts'
import type { OpenState } from '../store/state.ts'
import { AlertCluster } from './alerts/cluster.ts'
import { openAlerts } from './alerts/open.ts'
import { Buckets } from './buckets/buckets.ts'
import { Collector, wholeFrom } from './collector.ts'
import { openConsole } from './console.ts'
import { openConsolidator } from './consolidate.ts'
import { CoverageTracker } from './coverage.ts'
import { CounterTracker } from './interface-counters.ts'
import { returnFreedMemory } from '../store/freed-memory.ts'
import { boundGarbage } from './heap.ts'
import { IncidentWatch } from './incidents/watch.ts'
import { LiveRing } from './live.ts'
import { lockDataFolder } from './lock.ts'
import { readNames } from './names.ts'
import { Neighbours } from './neighbours.ts'
import { openState } from './open-state.ts'
import { Pipeline, type PipelineParts } from './pipeline.ts'
import { Receiver } from './receive/receiver.ts'
import { recover, type RecoveryParts } from './recover.ts'
import { Reporter } from './reporter.ts'
import { TemplateLog } from './template-log.ts'
import { SeriesWriter, type SeriesWriterParts } from './series-writer.ts'
import { archiveSeen } from './shipping.ts'
import { FollowedTrackers } from './trackers/followed.ts'
import { TrackerKeeper } from './trackers/keeper.ts'

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
  const giveBack = await returnFreedMemory()
  const lock = await lockDataFolder(settings.data)
  const archive = await Archive.open(join(settings.data, 'archive'))
  const store = await openSeriesStore(settings, { isApart: true })
  const shipping = await openShipping(settings)
  const kept = await openState(settings, log)
  const { state, note } = kept

  const coverage = new CoverageTracker(Date.now())
  const counters = new CounterTracker()
  coverage.breaks.restore(archive.value<ExporterBreak[]>('breaks') ?? [])
  const { buckets, followed, trackers } = await openBuckets(settings, { archive, state })
  const live = new LiveRing(settings.local)
  const neighbours = await Neighbours.open(settings, { archive, coverage })
  const handover = neighbours?.handover
  const decoding = { coverage, counters, buckets, archive, live, handover }
  const pipeline = await openPipeline(settings, log, decoding)
  await replay(settings, log, { archive, coverage, pipeline, stopping })

  const writer = seriesWriter(settings, { archive, store, coverage, counters, trackers: followed })
  const consolidator = await openConsolidator(settings, store)
  const incidents = await IncidentWatch.open(settings, log)
  coverage.resume(Date.now())
  const receiver = await receive(settings, pipeline)
  const shared = { settings, receiver, pipeline, buckets, trackers, log, giveBack }
  const made = { archive, coverage, counters, writer, consolidator, incidents, neighbours }
  const collector = new Collector({ ...shared, ...made, bundles: shipping === null })
  const { data } = settings
  const cluster = await AlertCluster.open(settings)
  const alerts = await openAlerts({ ...shared, ...made, state, note, followed, store, cluster })
  const console = openConsole({ data, state, trackers, live, pipeline, collector, alerts })
  const reporter = await Reporter.open({
    ...shared,
    archive,
    collector,
    alerts,
    store,
    shipping,
    neighbours,
    routes: console.routes,
  })
  stopping?.addEventListener('abort', () => collector.endSoon())
  if (!stopping?.aborted) await collector.tick(Date.now())
  store.follow?.()
  const tick = async () => {
    const now = Date.now()
    await collector.tick(now)
    shipping?.look(archiveSeen(archive, now))
    neighbours?.tell(() => reporter.status())
  }
  const clock = schedule(wakeUps, tick, { timezone: 'UTC', noOverlap: true })

  boundGarbage()

  const close = async () => {
    console.close()
    collector.endSoon()
    await receiver.stop()
    await clock.stop()
    await collector.tick(Date.now(), true)
    await neighbours?.close(() => reporter.status())
    await reporter.close()
    for (const part of [receiver, shipping, archive, consolidator, incidents, store, cluster, kept])
      await part?.close()
    await lock.release()
  }
  return { close }
}

/** Takes from the journal what the archive lacks. */
async function replay(settings: Settings, log: Logger, parts: RecoveryParts): Promise<void> {
  try {
    const recovery = await recover(journalFolder(settings), parts)
    if (recovery.datagrams > 0) log.info(recovery, 'datagrams replayed from the journal')
  } catch (error) {
    await parts.archive.close()
    throw error
  }
}

/** Decodes by what WEIR_NAMES says of exporters, and logs the templates that change. */
async function openPipeline(
  settings: Settings,
  log: Logger,
  parts: PipelineParts,
): Promise<Pipeline> {
  const names = await readNames(settings.names)
  const templateLog = new TemplateLog(log)
  return new Pipeline({
    ...parts,
    flowMaxMs: settings.flowMaxMs,
    rulesOf: (address) => names.rules(address),
    onTemplateChange: (change) => templateLog.take(change),
  })
}

function seriesWriter(
  { tiers, local, top, flowMaxMs }: Settings,
  parts: Pick<SeriesWriterParts, 'archive' | 'store' | 'coverage' | 'counters' | 'trackers'>,
): SeriesWriter {
  return new SeriesWriter({ ...parts, tier: tiers[0]!, local, top, flowMaxMs })
}

/** Where flows are counted, for the measurements and for the trackers. */
async function openBuckets(
  { local, flowMaxMs }: Settings,
  { archive, state }: { archive: Archive; state: OpenState },
) {
  const followed = new FollowedTrackers()
  const wholeSince = wholeFrom(archive)
  const buckets = new Buckets({ local, flowMaxMs, wholeFrom: wholeSince, trackers: followed })
  const trackers = new TrackerKeeper({ archive, buckets, followed, state })
  await trackers.begin()
  return { buckets, followed, trackers }
}

/** Datagrams are decoded from here on; journalled they are in a thread of their own. */
function receive(settings: Settings, pipeline: Pipeline): Promise<Receiver> {
  return Receiver.open({
    journalFolder: journalFolder(settings),
    endpoints: [settings.netflow, settings.ipfix, { ...settings.sflow, isOptional: true }],
    exporters: settings.exporters.networks,
    receiveBufferBytes: settings.receiveBufferBytes,
    state: () => pipeline.snapshot(),
    onBatch: (batch) => pipeline.takeBatch(batch),
    onEnd: (error) => {
      throw error
    },
  })
}

function journalFolder({ data }: Settings): string {
  return join(data, 'journal')
}
