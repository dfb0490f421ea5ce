/** The whole way of a datagram: socket → journal → decode → buckets and archive → series, tier by tier. */
import type { Logger } from 'pino'

import type { Settings } from '../flow/settings/settings.ts'
import { limitFreedMemory } from '../store/process/freed-memory.ts'
import { OwnNames } from '../store/names/own-names.ts'
import { AlertCluster } from './alerts/cluster.ts'
import { openAlerts } from './alerts/open.ts'
import { openConsole } from './console/console.ts'
import { boundGarbage } from './heap.ts'
import { lockDataFolder } from './lock.ts'
import { openCollector } from './open/collector.ts'
import { openCounting } from './open/counting.ts'
import { replayJournal } from './open/pipeline.ts'
import { openReceiver, takenBy } from './open/receiver.ts'
import { openStores } from './open/stores.ts'
import { lostAtStop } from './lost-at-stop.ts'
import { archiveSeen } from './shipping.ts'
import { Reporter } from './status/reporter.ts'
import { wakeUps } from './wake-ups.ts'

/**
 * Collects until closed, in the data folder of the settings, which it locks and creates if
 * necessary. Once `stopping` is aborted, it leaves to the next start what that can do.
 * @throws DataFolderBusy; the reason of `stopping` if aborted before the journal was replayed.
 * `close` throws LostAtStop, once all is closed.
 */
export async function runIngest(
  settings: Settings,
  log: Logger,
  stopping?: AbortSignal,
): Promise<{ close(): Promise<void> }> {
  const open = await openIngest(settings, log, stopping)
  const { archive, collector, neighbours, receiver, reporter, shipping, store } = open
  const status = () => reporter.status()

  const endSoon = () => {
    collector.endSoon()
    store.endSoon?.()
  }
  // The first tick may wait long for a store that hangs, and the stop must not begin to count after it.
  stopping?.addEventListener('abort', endSoon)
  if (!stopping?.aborted) await collector.tick()
  store.follow?.()
  const clock = wakeUps(async () => {
    await collector.tick()
    shipping?.look(archiveSeen(archive, Date.now()))
    neighbours?.share(status)
  })
  boundGarbage()

  const close = async () => {
    open.console.close()
    endSoon()
    const received = await receiver.stop()
    await clock.stop()
    await collector.tick({ isLast: true })
    const lost = lostAtStop(collector.unjournalled(received), collector.lastError)
    await neighbours?.close(status)
    await reporter.close()
    const { consolidator, incidents, cluster, kept, own } = open
    const others = [receiver, shipping, archive, consolidator, incidents, store, cluster, kept, own]
    for (const part of others) await part?.close()
    await open.lock.release()
    if (lost) throw lost
  }
  return { close }
}

/** Opens all parts, in the order in which a datagram passes them; the journal is then replayed. */
async function openIngest(settings: Settings, log: Logger, stopping?: AbortSignal) {
  const returnFreedMemory = await limitFreedMemory()
  const lock = await lockDataFolder(settings.data, 'ingest')
  // From here on, datagrams are journalled, and wait until the earlier journal is replayed.
  const receiver = await openReceiver(settings)
  const listeningFrom = Date.now()
  const stores = await openStores(settings, log)
  const counting = await openCounting(settings, log, { ...stores, listeningFrom })
  const { archive, kept } = stores
  const { coverage, pipeline } = counting
  await replayJournal(settings, log, { archive, coverage, pipeline, receiver, stopping })
  coverage.resume(listeningFrom)

  const counted = { settings, log, ...stores, ...counting, receiver, returnFreedMemory }
  const open = { ...counted, ...(await openCollector(settings, log, counted)) }
  receiver.take(takenBy(pipeline, archive))
  const cluster = await AlertCluster.open(settings)
  const { state, note } = kept
  const own = await OwnNames.open(settings.names)
  const alerts = openAlerts({ ...open, state, note, cluster, own })
  const console = openConsole({ ...open, data: settings.data, state, alerts })
  const reporter = await Reporter.open({ ...open, alerts, routes: console.routes })
  return { ...open, lock, cluster, own, console, reporter }
}
