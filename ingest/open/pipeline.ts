/** Decoding as the settings ask for it, and what a crash left of it. */
import type { Logger } from 'pino'

import type { Settings } from '../../flow/settings.ts'
import { readNames } from '../names.ts'
import { Pipeline, type PipelineParts } from '../pipeline.ts'
import { journalFolder } from '../receive/journal-files.ts'
import { TemplateLog } from '../exporters/template-log.ts'
import type { Receiver } from '../receive/receiver.ts'
import { recover, type RecoveryParts } from './recover.ts'

/** Decodes by what WEIR_NAMES says of exporters, and logs the templates that change. */
export async function openPipeline(
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

/**
 * Takes from the journal what the archive lacks, up to what is received now; where that fails, the receiver and the archive are
 * closed.
 * @throws as recover does
 */
export async function replayJournal(
  { data }: Settings,
  log: Logger,
  { receiver, ...parts }: Omit<RecoveryParts, 'upTo'> & { receiver: Receiver },
): Promise<void> {
  try {
    const recovery = await recover(journalFolder(data), { ...parts, upTo: receiver.position })
    if (recovery.datagrams > 0) log.info(recovery, 'datagrams replayed from the journal')
  } catch (error) {
    await receiver.stop()
    await receiver.close()
    await parts.archive.close()
    throw error
  }
}
