/** `weir ingest`: collects until it is stopped. */
import { endpointText } from '../flow/settings/values.ts'
import { runIngest } from '../ingest/main.ts'
import {
  besideNiceness,
  countingNiceness,
  resetPriority,
  laterNiceness,
  lowerThread,
  lowerNamedThreads,
} from '../store/process/priority.ts'
import type { CommandInput } from './command.ts'
import { createLog } from './log.ts'
import { readNames } from './names.ts'
import { runUntilStopped } from './stop.ts'

export async function ingest({ settings }: CommandInput): Promise<void> {
  await readNames(settings)
  await runUntilStopped(async (stopping) => {
    const running = await runIngest(settings, createLog(settings, 'ingest'), stopping)
    const { netflow, ipfix } = settings
    console.log(`weir: NetFlow on UDP ${endpointText(netflow)}, IPFIX on ${endpointText(ipfix)}`)
    // The receiving thread runs by now and keeps its priority. The pool's threads read files back and sort them.
    lowerThread(countingNiceness)
    lowerNamedThreads('libuv-worker', laterNiceness)
    lowerNamedThreads('V8Worker', besideNiceness)
    stopping.addEventListener('abort', resetPriority)
    return running
  })
}
