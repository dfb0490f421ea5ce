/** Receiving as the settings ask for it. */
import { setTimeout as sleep } from 'node:timers/promises'

import type { Settings } from '../../flow/settings.ts'
import type { Archive } from '../../store/archive/archive.ts'
import type { Pipeline } from '../pipeline.ts'
import { journalFolder } from '../receive/journal-files.ts'
import { Receiver } from '../receive/receiver.ts'

/** How often it is tried again whether a disk takes what waits for it. */
const retryMs = 1000

/** Datagrams are decoded from here on; journalled they are in a thread of their own, and wait there while the archive lags. */
export function openReceiver(
  settings: Settings,
  { pipeline, archive }: { pipeline: Pipeline; archive: Archive },
): Promise<Receiver> {
  return Receiver.open({
    journalFolder: journalFolder(settings.data),
    endpoints: [settings.netflow, settings.ipfix, { ...settings.sflow, isOptional: true }],
    exporters: settings.exporters.networks,
    receiveBufferBytes: settings.receiveBufferBytes,
    state: () => pipeline.snapshot(),
    onDatagram: (datagram) => pipeline.takePlaced(datagram),
    room: (stopping) => (archive.isCrowded ? roomOf(archive, stopping) : null),
    onEnd: (error) => {
      throw error
    },
  })
}

async function roomOf(archive: Archive, signal: AbortSignal): Promise<void> {
  const wait = () => sleep(retryMs, undefined, { signal }).catch(() => undefined)
  // That the disk refuses shows at the next publish.
  while (archive.isCrowded && !signal.aborted) await archive.stage().catch(wait)
}
