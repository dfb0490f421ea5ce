/** Other receivers of the same load, each judged by what it kept. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { scratchFolder } from '../processes.ts'
import { flowsPerDatagram } from './datagrams.ts'
import type { LoadOptions } from './send.ts'
import { openSender } from './sender.ts'
import { cpuSecondsOf, peakMiBOf } from './usage.ts'

/** What a receiver made of load. */
export interface Received {
  sentFlows: number
  flows: number
  /** Flows a second that really went out. */
  rate: number
  cpuSecondsPerMillion: number
  peakMiB: number
}

export interface PeerOptions extends Omit<LoadOptions, 'port'> {
  receiveBufferBytes: number
}

export type Peer = (options: PeerOptions) => Promise<Received>

/** How long a receiver is given to take what lies in its buffer. */
const settleMs = 1500

interface Running {
  pid: number
  port: number
  /** Ends it and gives the flows that it kept. */
  stop: () => Promise<number>
}

async function measure(options: PeerOptions, running: Running): Promise<Received> {
  const { receiveBufferBytes: _, ...load } = options
  const sender = await openSender({ ...load, port: running.port })
  const before = await cpuSecondsOf(running.pid)
  const sent = await sender.send()
  await sleep(settleMs)
  const used = (await cpuSecondsOf(running.pid)) - before
  const peakMiB = Math.round(await peakMiBOf(running.pid))
  const flows = await running.stop()
  return {
    sentFlows: sent.flows,
    flows,
    rate: sent.flows / sent.seconds,
    cpuSecondsPerMillion: (used * 1e6) / sent.flows,
    peakMiB,
  }
}

/** Receives and counts, nothing else. */
export const receiveLoop: Peer = async (options) => {
  const program = fileURLToPath(new URL('receive.ts', import.meta.url))
  const child = spawn(process.execPath, [program, String(options.receiveBufferBytes)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })
  const [port] = (await once(lines, 'line')) as [string]
  const stop = async () => {
    child.kill('SIGTERM')
    const [datagrams] = (await once(lines, 'line')) as [string]
    return Number(datagrams) * flowsPerDatagram[options.version]
  }
  return measure(options, { pid: child.pid!, port: Number(port), stop })
}

/** nfcapd with some options of its own, counted by nfdump afterwards. */
export function nfcapd(...own: string[]): Peer {
  return async (options) => {
    const folder = await scratchFolder()
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    const args = ['-b', '127.0.0.1', '-p', String(port), '-w', folder, '-t', '3600', ...own]
    args.push('-B', String(options.receiveBufferBytes))
    const child = spawn('nfcapd', args, { stdio: 'ignore' })
    await sleep(1000)
    const stop = async () => {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      await exited
      const summary = execFileSync('nfdump', ['-R', folder, '-I'], { encoding: 'utf8' })
      return Number(/^Flows: (\d+)/m.exec(summary)?.[1] ?? 0)
    }
    try {
      return await measure(options, { pid: child.pid!, port, stop })
    } finally {
      child.kill('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    }
  }
}
