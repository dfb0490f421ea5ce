/** Receiving as the settings ask for it. */
import type { Settings } from '../../flow/settings.ts'
import type { Pipeline } from '../pipeline.ts'
import { journalFolder } from '../receive/journal-files.ts'
import { Receiver } from '../receive/receiver.ts'

/** Datagrams are decoded from here on; journalled they are in a thread of their own. */
export function openReceiver(settings: Settings, pipeline: Pipeline): Promise<Receiver> {
  return Receiver.open({
    journalFolder: journalFolder(settings.data),
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
