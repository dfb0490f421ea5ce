/** Opens decoding with the settings, and recovers the journal after a crash. */
import type { Logger } from 'pino'

import type { Settings } from '../../flow/settings/settings.ts'
import { readNames } from '../../store/names/own-names.ts'
import { Pipeline, type PipelineParts } from '../pipeline.ts'
import { journalFolder } from '../receive/journal-files.ts'
import { FaultLog } from '../exporters/fault-log.ts'
import { TemplateLog } from '../exporters/template-log.ts'
import type { Receiver } from '../receive/receiver.ts'
import { recover, type RecoveryParts } from './recover.ts'

/** Decodes with the rules of WEIR_NAMES, and logs template changes and faults. */
export async function openPipeline(
  settings: Settings,
  log: Logger,
  parts: PipelineParts,
): Promise<Pipeline> {
  const names = await readNames(settings.names)
  const templateLog = new TemplateLog(log)
  const faultLog = new FaultLog(log)
  return new Pipeline({
    ...parts,
    flowMaxMs: settings.flowMaxMs,
    rulesOf: (address) => names.rules(address),
    onTemplateChange: (change) => templateLog.take(change),
    onFault: (fault) => faultLog.take(fault),
  })
}

/**
 * Replays what the archive lacks from the journal, up to where receiving began. On failure, closes
 * the receiver and the archive.
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
    const { damagedBytes, damagedStates } = recovery
    if (damagedBytes + damagedStates > 0)
      log.warn(recovery, 'the journal is damaged; look at the disk')
    receiver.damaged = { bytes: damagedBytes, states: damagedStates }
  } catch (error) {
    await receiver.stop()
    await receiver.close()
    await parts.archive.close()
    throw error
  }
}
