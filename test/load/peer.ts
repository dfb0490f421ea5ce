/** A receiver of load other than Weir: its interface, and how it is judged. */
import { setTimeout as sleep } from 'node:timers/promises'

import { openFastSender } from './native-sender.ts'
import type { LoadOptions } from './send.ts'
import { peakMiBOf, secondsAfter, steadyPerMillion, treeOf, treeSecondsOf } from './usage.ts'

/** A receiver's result. */
interface Received {
  sentFlows: number
  /** Flows it stored: counted at its output. */
  flows: number
  /** Flows per second actually sent. */
  rate: number
  /** How long it kept working after the last datagram. */
  drainSeconds: number
  /** Of all its processes. */
  cpuSecondsPerMillion: number
  /** Of what was sent after the ramp. */
  steadySecondsPerMillion: number
  /** Of all its processes: shared pages count for each. */
  peakMiB: number
}

export interface PeerOptions extends Omit<LoadOptions, 'port'> {
  receiveBufferBytes: number
}

export type Peer = (options: PeerOptions) => Promise<Received>

interface RunningPeer {
  pid: number
  port: number
  /** Stops it and returns the number of flows it stored. */
  stop: () => Promise<number>
}

/** A receiver is done when it has been idle for this long, or after the maximum. */
const settle = { stepMs: 500, idleSteps: 3, mostMs: 60_000, idleCpuSeconds: 0.03 }
/**
 * A receiver that works longer than this after the last datagram, or longer than this share of the
 * load's time, cannot hold the rate for ever: its queue grows.
 */
const drainMax = { seconds: 1, share: 0.1 }
/** The share that may be missing: some receivers hold the last flows in a buffer while they run. */
const missingMax = 1e-4

/** Whether a receiver kept up with the load. */
export function wasInTime({
  sentFlows,
  rate,
  drainSeconds,
}: Pick<Received, 'sentFlows' | 'rate' | 'drainSeconds'>): boolean {
  return drainSeconds <= Math.max(drainMax.seconds, (drainMax.share * sentFlows) / rate)
}

/** Whether a receiver stored what was sent, and the intended rate was sent. */
export function keptAll({ sentFlows, flows, rate }: Received, wanted: number): boolean {
  return flows >= sentFlows * (1 - missingMax) && rate > wanted * 0.98
}

/** Sends load to a running receiver, waits until it is done, and stops it. */
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

/** CPU-seconds of a receiver once it is idle, and the time until then. */
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
