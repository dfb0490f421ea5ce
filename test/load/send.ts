/**
 * Sends load from a separate process: `node send.ts '{"port": 2055, "version": "v5", …}'` (see
 * LoadOptions). It prints "ready" when its datagrams are made, starts when it reads a line, and
 * ends with a line of JSON (see Sent).
 */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

import {
  encodeFlows,
  flowsPerDatagram,
  moveTimes,
  sequenceStep,
  setHeader,
  type LoadVersion,
} from './datagrams.ts'
import { makeFlows } from './flows.ts'

export interface LoadOptions {
  port: number
  version: LoadVersion
  /** Flows per second, and for how long. */
  rate: number
  seconds: number
  /**
   * Before that the rate rises from zero for this long, as in a real network: code must be compiled
   * and tables grow.
   */
  rampSeconds?: number
  hosts: number
  /** Each has its own address, from 127.0.0.1 on. */
  exporters: number
  /** Flows made before they repeat. */
  flows: number
  /** How far the exporters' clock is ahead. */
  aheadMs?: number
}

export interface Sent {
  datagrams: number
  flows: number
  seconds: number
  cpuSeconds: number
  /**
   * Sends refused by the kernel; such datagrams were not sent, and their sequence numbers are used
   * again.
   */
  refused: number
}

/** The most datagrams at once: bursts must not be what fills a buffer. */
const burstMax = 128
/** If the machine stood still for longer, only so much is made up for: all of it would fill a buffer. */
const pauseMsMost = 200

interface Exporter {
  socket: Socket
  sequence: number
}

async function openExporter(port: number, index: number): Promise<Exporter> {
  const socket = createSocket('udp4')
  socket.bind(0, `127.0.0.${1 + index}`)
  await once(socket, 'listening')
  socket.setSendBufferSize(4 << 20)
  socket.connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return { socket, sequence: 0 }
}

async function send(options: LoadOptions): Promise<Sent> {
  const { version, rate, seconds, rampSeconds = 0, aheadMs = 0 } = options
  const datagrams = encodeFlows(makeFlows(options.flows, options.hosts, 1), version, {
    nowMs: Date.now() + aheadMs,
    exporters: options.exporters,
  })
  const { payloads } = datagrams
  const exporters = await Promise.all(
    Array.from({ length: options.exporters }, (_, i) => openExporter(options.port, i)),
  )
  let refused = 0
  for (const { socket } of exporters) socket.on('error', () => refused++)
  console.log('ready')
  await once(process.stdin, 'data')

  const each = flowsPerDatagram[version]
  const step = sequenceStep(version)
  const rampMs = rampSeconds * 1000
  /** Datagrams due after this time. */
  const dueAt = (ms: number) => {
    const full = ms >= rampMs ? ms - rampMs / 2 : (ms * ms) / (2 * rampMs)
    return Math.floor((full * rate) / 1000 / each)
  }
  const due = dueAt(rampMs + seconds * 1000)
  const cpu = process.cpuUsage()
  const startMs = performance.now()
  let sent = 0
  let [beforeMs, pausedMs] = [0, 0]
  while (sent < due) {
    const elapsedMs = performance.now() - startMs
    pausedMs += Math.max(0, elapsedMs - beforeMs - pauseMsMost)
    beforeMs = elapsedMs
    const until = Math.min(due, sent + burstMax, dueAt(elapsedMs - pausedMs) + 1)
    const header = { sequence: 0, nowMs: Date.now() + aheadMs, elapsedMs: Math.floor(elapsedMs) }
    for (; sent < until; sent++) {
      const exporter = exporters[sent % exporters.length]!
      const index = sent % payloads.length
      const payload = payloads[index]!
      header.sequence = exporter.sequence
      setHeader(datagrams, payload, header)
      moveTimes(datagrams, index, header.elapsedMs)
      exporter.socket.send(payload)
      exporter.sequence = (exporter.sequence + step) >>> 0
    }
    if (sent > dueAt(performance.now() - startMs - pausedMs)) await sleep(1)
  }
  // Flushes what the sockets have queued.
  while (exporters.some(({ socket }) => socket.getSendQueueCount() > 0)) await sleep(1)
  // The ramp counts half, so that the rate is that of the time after it.
  const tookSeconds = (performance.now() - startMs - rampMs / 2) / 1000
  const used = process.cpuUsage(cpu)
  return {
    datagrams: sent,
    flows: sent * each,
    seconds: tookSeconds,
    cpuSeconds: (used.user + used.system) / 1e6,
    refused,
  }
}

console.log(JSON.stringify(await send(JSON.parse(process.argv[2]!) as LoadOptions)))
process.exit()
