/** `weir ingest`: collects until it is told to stop. */
import { runIngest } from '../ingest/main.ts'
import {
  besideNiceness,
  countingNiceness,
  goWithOthers,
  laterNiceness,
  threadGoesAfterOthers,
  threadsNamed,
} from '../store/priority.ts'
import type { CommandInput } from './command.ts'
import { createLog } from './log.ts'
import { checkNames } from './names.ts'
import { runUntilStopped } from './stop.ts'

export async function ingest({ settings }: CommandInput): Promise<void> {
  await checkNames(settings)
  await runUntilStopped(async (stopping) => {
    const running = await runIngest(settings, createLog(settings, 'ingest'), stopping)
    // The receiving thread has begun by now, and stays before all. Files are read back and sorted in the pool's threads.
    threadGoesAfterOthers(countingNiceness)
    threadsNamed('libuv-worker', laterNiceness)
    threadsNamed('V8Worker', besideNiceness)
    stopping.addEventListener('abort', goWithOthers)
    return running
  })
}
