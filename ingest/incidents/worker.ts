/** The thread in which times are judged: reading and reckoning never hold up a datagram. */
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'

import { NetworkSet } from '../../flow/address.ts'
import { openFlowStore } from '../../store/archive/query.ts'
import { openElsewhere, openSeriesReader } from '../../store/open.ts'
import { laterNiceness, threadGoesAfterOthers } from '../../store/priority.ts'
import { judgeSpan, type IntervalSpan } from './spans.ts'
import type { JudgeAnswer, JudgeRequest, JudgeWorkerData } from './watch.ts'

/** One thread and little memory: ingest goes on beside it. */
threadGoesAfterOthers(laterNiceness)
const limits = { threads: 1, memoryBytes: 512 * 2 ** 20, queryMs: 300_000 }

const { settings: copied } = workerData as JudgeWorkerData
// What comes over to a thread are plain objects.
const settings = { ...copied, local: new NetworkSet(copied.local.networks) }
const folder = join(settings.data, 'archive')
const flows = await openFlowStore(folder, { local: settings.local, ...limits })
const series = await openSeriesReader(settings)
const elsewhere = await openElsewhere(settings)
const port = parentPort!
const ending = new AbortController()
let work: Promise<void> = Promise.resolve()

async function answer(span: IntervalSpan): Promise<JudgeAnswer> {
  try {
    const { signal } = ending
    return { verdicts: await judgeSpan(span, { flows, series, elsewhere, signal }, settings) }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

async function end(): Promise<void> {
  ending.abort(new Error('ingest is being stopped'))
  await work
  await Promise.all([flows.close(), series.close(), elsewhere?.close()])
  port.close()
}

port.on('message', (asked: JudgeRequest) => {
  if (asked === 'end') void end()
  else work = answer(asked).then((given) => port.postMessage(given))
})
