/** The thread in which times are judged: reading and reckoning never hold up a datagram. */
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'

import { NetworkSet } from '../../flow/address.ts'
import { openFlowStore } from '../../store/archive/query.ts'
import { openSeriesReader } from '../../store/open.ts'
import { judgeSpan, type IntervalSpan } from './spans.ts'
import type { JudgeAnswer, JudgeWorkerData } from './watch.ts'

/** One thread and little memory: ingest goes on beside it. */
const limits = { threads: 1, memoryBytes: 512 * 2 ** 20, queryMs: 300_000 }

const { settings: copied } = workerData as JudgeWorkerData
// What comes over to a thread are plain objects.
const settings = { ...copied, local: new NetworkSet(copied.local.networks) }
const folder = join(settings.data, 'archive')
const flows = await openFlowStore(folder, { local: settings.local, ...limits })
const series = await openSeriesReader(settings)
const port = parentPort!

async function answer(span: IntervalSpan): Promise<JudgeAnswer> {
  try {
    return { verdicts: await judgeSpan(span, { flows, series }, settings) }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

port.on('message', (span: IntervalSpan) => {
  void answer(span).then((given) => port.postMessage(given))
})
