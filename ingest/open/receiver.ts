/** Opens the receiver with the settings. */
import { setTimeout as sleep } from 'node:timers/promises'

import type { Settings } from '../../flow/settings/settings.ts'
import type { Archive } from '../../store/archive/archive.ts'
import type { Pipeline } from '../pipeline.ts'
import { journalFolder } from '../receive/journal-files.ts'
import { Receiver, type Taker } from '../receive/receiver.ts'

/** How often to retry a write that the disk refused. */
const retryMs = 1000

/** From here on, datagrams are journalled by a separate thread, where they wait to be taken. */
export function openReceiver(settings: Settings): Promise<Receiver> {
  return Receiver.open({
    journalFolder: journalFolder(settings.data),
    endpoints: [settings.netflow, settings.ipfix, { ...settings.sflow, isOptional: true }],
    exporters: settings.exporters.networks,
    receiveBufferBytes: settings.receiveBufferBytes,
    onEnd: (error) => {
      throw error
    },
  })
}

/** A taker that decodes datagrams as fast as the archive writes. */
export function takenBy(pipeline: Pipeline, archive: Archive): Taker {
  return {
    onDatagram: (datagram) => pipeline.takePlaced(datagram),
    waitForRoom: (stopping) => (archive.isCrowded ? roomOf(archive, stopping) : null),
    state: () => pipeline.snapshot(),
  }
}

async function roomOf(archive: Archive, signal: AbortSignal): Promise<void> {
  const wait = () => sleep(retryMs, undefined, { signal }).catch(() => undefined)
  // The next publish reports the disk's refusal.
  while (archive.isCrowded && !signal.aborted) await archive.stage().catch(wait)
}
