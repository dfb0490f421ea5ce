/** One attempt: load at a set rate on a collector with everything on, and its result. */
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import type { IngestStatus } from '../../flow/status.ts'
import { RunningIngest, scratchFolder } from '../processes.ts'
import { openFastSender } from './native-sender.ts'
import type { LoadOptions } from './send.ts'
import { openSender } from './sender.ts'
import {
  cpuSecondsOf,
  peakMiBOf,
  secondsAfter,
  steadyPerMillion,
  threadSecondsOf,
} from './usage.ts'

interface AttemptOptions extends Omit<LoadOptions, 'port'> {
  /** Size of the socket's buffer, as in WEIR_RECEIVE_BUFFER. */
  receiveBuffer: string
  /** Use the load generator in C, if it can be built. */
  isFast?: boolean
}

interface Attempt {
  sentFlows: number
  sentDatagrams: number
  /** Flows per second actually sent: shows a generator that does not keep up. */
  rate: number
  flows: number
  /** Datagrams dropped by the kernel, lost by sequence number, and dropped by us. */
  kernelDrops: number
  lostDatagrams: number
  dropped: number
  /** How long after the last datagram everything was decoded and counted. */
  drainSeconds: number
  receiveBufferBytes: number
  /** Of the collector, from the first datagram until everything was counted. */
  cpuSecondsPerMillion: number
  /** The same for what was sent after the ramp. */
  steadySecondsPerMillion: number
  senderCpuSeconds: number
  threadSeconds: Record<string, number>
  peakMiB: number
}

const drainMsMax = 60_000

/** Whether nothing was lost, everything was counted, and the intended rate was sent. */
export function isClean(
  { sentFlows, flows, kernelDrops, lostDatagrams, dropped, rate }: Attempt,
  wanted: number,
): boolean {
  return (
    flows === sentFlows &&
    kernelDrops === 0 &&
    lostDatagrams === 0 &&
    dropped === 0 &&
    rate > wanted * 0.98
  )
}

/**
 * Runs one attempt with a collector and a folder of its own. `onData` may inspect the folder
 * afterwards.
 */
export async function attempt(
  { receiveBuffer, isFast = false, ...load }: AttemptOptions,
  onData: (folder: string) => Promise<void> = async () => {},
): Promise<Attempt> {
  const data = await scratchFolder()
  // A running collector alone does not keep this process alive.
  const alive = setInterval(() => {}, 1000)
  try {
    const ingest = await RunningIngest.start(data, { WEIR_RECEIVE_BUFFER: receiveBuffer })
    const open = isFast ? openFastSender : openSender
    const sender = await open({ ...load, port: ingest.port })
    const cpu = () => cpuSecondsOf(ingest.pid)
    const before = await cpu()
    const ramped = secondsAfter(load.rampSeconds ?? 0, cpu)
    const sent = await sender.send()
    const ended = performance.now()
    const status = await drained(ingest, sent.flows)
    const drainSeconds = (performance.now() - ended) / 1000
    const now = await cpu()
    const used = now - before
    const threadSeconds = await threadSecondsOf(ingest.pid)
    const peakMiB = Math.round(await peakMiBOf(ingest.pid))
    await ingest.stop()
    await onData(data)
    return {
      sentFlows: sent.flows,
      sentDatagrams: sent.datagrams,
      rate: sent.flows / sent.seconds,
      ...lossOf(status),
      drainSeconds,
      cpuSecondsPerMillion: (used * 1e6) / sent.flows,
      steadySecondsPerMillion: steadyPerMillion(now - (await ramped), load, sent),
      senderCpuSeconds: sent.cpuSeconds,
      threadSeconds,
      peakMiB,
    }
  } finally {
    clearInterval(alive)
    await rm(data, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** The status once all flows are counted, or no more come. */
async function drained(ingest: RunningIngest, flows: number): Promise<IngestStatus> {
  const until = performance.now() + drainMsMax
  let status = await ingest.status()
  for (;;) {
    await sleep(100)
    const now = await ingest.status()
    const counted = flowsOf(now)
    if (counted >= flows || performance.now() > until) return now
    if (kernelDropsOf(now) > 0 && counted === flowsOf(status) && counted > 0) return now
    status = now
  }
}

const flowsOf = ({ exporters }: IngestStatus) =>
  exporters.reduce((sum, exporter) => sum + exporter.flows, 0)
const kernelDropsOf = ({ sockets }: IngestStatus) =>
  sockets.reduce((sum, { kernelDrops }) => sum + (kernelDrops ?? 0), 0)

function lossOf(status: IngestStatus) {
  return {
    flows: flowsOf(status),
    kernelDrops: kernelDropsOf(status),
    lostDatagrams: status.exporters.reduce((sum, { lost }) => sum + lost.datagrams, 0),
    dropped: (status.overflowed ?? 0) + (status.journal?.dropped ?? 0),
    receiveBufferBytes: status.sockets[0]!.receiveBufferBytes,
  }
}
