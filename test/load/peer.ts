/** A receiver of load that is not Weir: what is asked of it, and how it is judged. */
import { setTimeout as sleep } from 'node:timers/promises'

import { openFastSender } from './native-sender.ts'
import type { LoadOptions } from './send.ts'
import { peakMiBOf, secondsAfter, steadyPerMillion, treeOf, treeSecondsOf } from './usage.ts'

/** What a receiver made of load. */
export interface Received {
  sentFlows: number
  /** Flows that it kept: counted at its output. */
  flows: number
  /** Flows a second that really went out. */
  rate: number
  /** How long after the last datagram it was still at work. */
  drainSeconds: number
  /** Of all its processes. */
  cpuSecondsPerMillion: number
  /** Of what was sent after the ramp. */
  steadySecondsPerMillion: number
  /** Of all its processes: pages that they share are counted for each. */
  peakMiB: number
}

export interface PeerOptions extends Omit<LoadOptions, 'port'> {
  receiveBufferBytes: number
}

export type Peer = (options: PeerOptions) => Promise<Received>

export interface RunningPeer {
  pid: number
  port: number
  /** Ends it and gives the flows that it kept. */
  stop: () => Promise<number>
}

/** A receiver is done with what it was sent when it has been idle for so long, or after the most. */
const settle = { stepMs: 500, idleSteps: 3, mostMs: 60_000, idleCpuSeconds: 0.03 }
/** Who is at work for longer after the last datagram, or for such a part of the load's time, does not hold the rate for ever: what waits grows. */
const drainMost = { seconds: 1, share: 0.1 }
/** So much may be missing: some keep the last flows in a buffer of their own for as long as they run. */
const missingMost = 1e-4

/** Whether a receiver was done with what it was sent about as it came. */
export function wasInTime({
  sentFlows,
  rate,
  drainSeconds,
}: Pick<Received, 'sentFlows' | 'rate' | 'drainSeconds'>): boolean {
  return drainSeconds <= Math.max(drainMost.seconds, (drainMost.share * sentFlows) / rate)
}

/** Whether a receiver kept what was sent, and it was asked what was meant. */
export function keptAll({ sentFlows, flows, rate }: Received, wanted: number): boolean {
  return flows >= sentFlows * (1 - missingMost) && rate > wanted * 0.98
}

/** Sends load to a receiver that runs, waits until it is done with it, and ends it. */
export async function measure(options: PeerOptions, running: RunningPeer): Promise<Received> {
  const { receiveBufferBytes: _, ...load } = options
  const sender = await openFastSender({ ...load, port: running.port })
  const before = await treeSecondsOf(running.pid)
  const ramped = secondsAfter(load.rampSeconds ?? 0, () => treeSecondsOf(running.pid))
  const sent = await sender.send()
  const { seconds: now, drainSeconds } = await settled(running.pid)
  const used = now - before
  const peaks = await Promise.all((await treeOf(running.pid)).map(peakMiBOf))
  const flows = await running.stop()
  return {
    sentFlows: sent.flows,
    flows,
    rate: sent.flows / sent.seconds,
    drainSeconds,
    cpuSecondsPerMillion: (used * 1e6) / sent.flows,
    steadySecondsPerMillion: steadyPerMillion(now - (await ramped), load, sent),
    peakMiB: Math.round(peaks.reduce((sum, each) => sum + each, 0)),
  }
}

/** CPU-seconds of a receiver once it is idle, and after how long it was. */
async function settled(pid: number): Promise<{ seconds: number; drainSeconds: number }> {
  let seconds = await treeSecondsOf(pid)
  let [ms, idle] = [0, 0]
  for (; ms < settle.mostMs && idle < settle.idleSteps; ms += settle.stepMs) {
    await sleep(settle.stepMs)
    const now = await treeSecondsOf(pid)
    idle = now - seconds <= settle.idleCpuSeconds ? idle + 1 : 0
    seconds = now
  }
  return { seconds, drainSeconds: (ms - idle * settle.stepMs) / 1000 }
}
