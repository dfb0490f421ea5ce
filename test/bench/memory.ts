/**
 * How much memory ingest holds under load, second by second, over the end of an interval: then it sorts the interval's
 * flows into files and judges them.
 *
 *     node test/bench/memory.ts [FLOWS-PER-SECOND] [HOSTS] [SECONDS]     default 100000 100000 90
 */
import { readFile, rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import { intervalMs } from '../../flow/interval.ts'
import { openFastSender } from '../load/native-sender.ts'
import { cpuSecondsOf, peakMiBOf } from '../load/usage.ts'
import { RunningIngest, scratchFolder } from '../processes.ts'

export interface MemoryUse {
  sentFlows: number
  flows: number
  kernelDrops: number
  /** Resident memory each second, MiB. */
  perSecond: number[]
  peakMiB: number
  cpuSecondsPerMillion: number
}

/** What is left of the load after the interval's end: sorting and judging come in it. */
const afterEndShare = 0.6

/** Waits until an interval's end lies within the load, and measures. */
export async function memoryUnderLoad(load: {
  rate: number
  hosts: number
  seconds: number
}): Promise<MemoryUse> {
  const data = await scratchFolder()
  // A running collector does not keep this process alive by itself.
  const alive = setInterval(() => {}, 1000)
  const beforeEndMs = load.seconds * (1 - afterEndShare) * 1000
  const waitMs = (2 * intervalMs - beforeEndMs - (Date.now() % intervalMs)) % intervalMs
  await sleep(waitMs)
  const ingest = await RunningIngest.start(data, { WEIR_RECEIVE_BUFFER: '64MB' })
  try {
    const flows = 1_000_000
    const version = 'v5' as const
    const options = { ...load, version, exporters: 1, flows, port: ingest.port, rampSeconds: 5 }
    const sender = await openFastSender(options)
    const began = await cpuSecondsOf(ingest.pid)
    const perSecond: number[] = []
    const look = async () => void perSecond.push(Math.round(await residentMiBOf(ingest.pid)))
    const looking = setInterval(() => void look(), 1000)
    const sent = await sender.send().finally(() => clearInterval(looking))
    await sleep(3000)
    const status = await ingest.status()
    const used = (await cpuSecondsOf(ingest.pid)) - began
    return {
      sentFlows: sent.flows,
      flows: status.exporters.reduce((sum, each) => sum + each.flows, 0),
      kernelDrops: status.sockets.reduce((sum, each) => sum + (each.kernelDrops ?? 0), 0),
      perSecond,
      peakMiB: Math.round(await peakMiBOf(ingest.pid)),
      cpuSecondsPerMillion: (used * 1e6) / sent.flows,
    }
  } finally {
    await ingest.stop()
    clearInterval(alive)
    await rm(data, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function residentMiBOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024
}

if (process.argv[1] === import.meta.filename) {
  const [rate = 100_000, hosts = 100_000, seconds = 90] = process.argv.slice(2).map(Number)
  const use = await memoryUnderLoad({ rate, hosts, seconds })
  process.stdout.write(`${JSON.stringify(use)}\n`)
}
