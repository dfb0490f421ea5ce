/** The thread in which times are judged: reading and reckoning never hold up a datagram. */
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'

import { NetworkSet } from '../../flow/address.ts'
import { openFlowStore } from '../../store/archive/query.ts'
import { openParquetSeriesReader } from '../../store/parquet/series.ts'
import { judgeSpan, type IntervalSpan } from './spans.ts'
import type { JudgeAnswer, JudgeWorkerData } from './watch.ts'

/** One thread and little memory: ingest goes on beside it. */
const limits = { threads: 1, memoryBytes: 512 * 2 ** 20, queryMs: 120_000 }

const { data, networks, tiers, sensitivity } = workerData as JudgeWorkerData
const settings = { local: new NetworkSet(networks), tiers, sensitivity }
const flows = await openFlowStore(join(data, 'archive'), { local: settings.local, ...limits })
const series = await openParquetSeriesReader(join(data, 'series'))
const port = parentPort!

async function answer(span: IntervalSpan): Promise<JudgeAnswer> {
  try {
    return { verdict: await judgeSpan(span, { flows, series }, settings) }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

port.on('message', (span: IntervalSpan) => {
  void answer(span).then((given) => port.postMessage(given))
})
