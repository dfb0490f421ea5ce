/** `weir ingest`: collects until it is told to stop. */
import { runIngest } from '../ingest/main.ts'
import type { CommandInput } from './command.ts'
import { createLog } from './log.ts'
import { checkNames } from './names.ts'
import { runUntilStopped } from './stop.ts'

export async function ingest({ settings }: CommandInput): Promise<void> {
  await checkNames(settings)
  await runUntilStopped(() => runIngest(settings, createLog(settings, 'ingest')))
}
