/**
 * A collector under live load whose InfluxDB goes through one trouble after the other. In the end
 * InfluxDB holds what a rebuild from the archive gives, and the archive every flow that was sent.
 */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import { readSettings } from '../../flow/settings.ts'
import type { IngestStatus } from '../../flow/status.ts'
import { openSeriesReader } from '../../store/open.ts'
import type { SeriesReader } from '../../store/series.ts'
import { RunningInfluxd } from '../influxd.ts'
import { runWeir, RunningIngest, scratchFolder } from '../processes.ts'
import { rowsBack } from '../store/series-rows.ts'
import { archiveSums } from '../stored.ts'
import { InfluxProxy, type Fault } from './influx-proxy.ts'

const flowsPerDatagram = 30
const burstMs = 20
/** After a longer rest no more is sent at once. */
const burstMsMax = 200
const hosts = 2000
const exporter = '127.0.0.1'
const none: Fault = { kind: 'none' }

/** A trouble: what is wrong for so long; `strike` is called at its beginning and gives what mends it. */
export interface Trouble {
  name: string
  ms: number
  strike: (live: Live) => Promise<() => Promise<void>>
}

export interface LiveFigures {
  flows: number
  seconds: number
  /** Datagrams that ingest or the kernel lost. */
  lost: number
  points: number
  requestsInFlightMax: number
  /** Resident memory of ingest, bytes: most before the first trouble, most after. */
  memory: { calm: number; most: number }
}

/** A collector, its InfluxDB behind a proxy, and an exporter that goes on sending. */
export class Live {
  readonly influxd: RunningInfluxd
  readonly proxy: InfluxProxy
  readonly data: string
  ingest!: RunningIngest
  sent = { flows: 0, bytes: 0 }
  isSending = true
  #isEnding = false
  #isRunning = false
  #load: Promise<void> | null = null

  private constructor(influxd: RunningInfluxd, proxy: InfluxProxy, data: string) {
    this.influxd = influxd
    this.proxy = proxy
    this.data = data
  }

  static async open(flowsPerSecond: number): Promise<Live> {
    const influxd = await RunningInfluxd.startReady()
    const live = new Live(influxd, await InfluxProxy.open(influxd.url), await scratchFolder())
    await live.startIngest()
    live.#load = live.#send(flowsPerSecond)
    return live
  }

  async startIngest(): Promise<void> {
    const environment = { ...this.influxd.environment, WEIR_INFLUX_URL: this.proxy.url }
    this.ingest = await RunningIngest.start(this.data, environment)
    this.#isRunning = true
  }

  async stopIngest(signal?: NodeJS.Signals): Promise<number | null> {
    if (!this.#isRunning) return null
    this.#isRunning = false
    return (await this.ingest.stop(signal)).code
  }

  /** Kills ingest; the exporter is silent meanwhile, since nobody could say what it had lost. */
  async killIngest(): Promise<void> {
    this.isSending = false
    await sleep(1000)
    await this.stopIngest('SIGKILL')
    await this.startIngest()
    this.isSending = true
  }

  async endLoad(): Promise<void> {
    this.#isEnding = true
    await this.#load
    await sleep(500)
  }

  async remove(): Promise<void> {
    this.#isEnding = true
    await this.stopIngest('SIGKILL')
    this.proxy.close()
    await this.influxd.remove()
    await rm(this.data, { recursive: true, force: true })
  }

  async #send(flowsPerSecond: number): Promise<void> {
    const socket = createSocket('udp4')
    socket.on('error', () => undefined)
    let at = performance.now()
    let due = 0
    while (!this.#isEnding) {
      await sleep(burstMs)
      const elapsedMs = performance.now() - at
      at += elapsedMs
      // What was not sent in a silence is not made up for: it would come as one burst.
      if (this.isSending) due += (Math.min(elapsedMs, burstMsMax) * flowsPerSecond) / 1000
      while (this.isSending && this.sent.flows < due)
        socket.send(this.#datagram(Date.now()), this.ingest.port, '127.0.0.1')
    }
    await new Promise<void>((resolve) => socket.close(() => resolve()))
  }

  #datagram(nowMs: number): Buffer {
    const bytes = Buffer.alloc(24 + 48 * flowsPerDatagram)
    const first = this.sent.flows
    bytes.writeUInt16BE(5, 0)
    bytes.writeUInt16BE(flowsPerDatagram, 2)
    bytes.writeUInt32BE(3_600_000 + first, 4)
    bytes.writeUInt32BE(Math.floor(nowMs / 1000), 8)
    bytes.writeUInt32BE((nowMs % 1000) * 1_000_000, 12)
    bytes.writeUInt32BE(first, 16)
    for (let i = 0; i < flowsPerDatagram; i++) {
      const id = first + i
      const at = 24 + 48 * i
      const octets = 1000 + (id % 5000)
      bytes.writeUInt32BE(0x0a000000 + ((id * 7919) % hosts), at)
      bytes.writeUInt32BE(0xcb007100 + (id % 200), at + 4)
      bytes.writeUInt32BE(3, at + 16)
      bytes.writeUInt32BE(octets, at + 20)
      bytes.writeUInt32BE(3_600_000 + first - 2000, at + 24)
      bytes.writeUInt32BE(3_600_000 + first - 1000, at + 28)
      bytes.writeUInt16BE(50_000, at + 32)
      bytes.writeUInt16BE([443, 80, 53, 22, 25][id % 5]!, at + 34)
      bytes[at + 38] = 6
      this.sent.bytes += octets
    }
    this.sent.flows += flowsPerDatagram
    return bytes
  }
}

/** A trouble that the proxy makes. */
export function proxied(name: string, fault: Fault, ms: number): Trouble {
  const strike = async ({ proxy }: Live) => {
    proxy.fault = fault
    return async () => {
      proxy.fault = none
    }
  }
  return { name, ms, strike }
}

/** Goes through the troubles, one after the other, and asserts what must hold. */
export async function liveThrough(
  troubles: readonly Trouble[],
  options: { flowsPerSecond: number; calmMs: number; say: (text: string) => void },
): Promise<LiveFigures> {
  const live = await Live.open(options.flowsPerSecond)
  const started = performance.now()
  const memory = { calm: 0, most: 0 }
  let lost = 0
  const look = async () => {
    const status = await live.ingest.status().catch(() => null)
    return status
  }
  /** Looks at ingest now and then for so long, or until something holds. */
  const watch = async (ms: number, until: (status: IngestStatus) => boolean = () => false) => {
    const end = performance.now() + ms
    while (performance.now() < end) {
      const status = await look()
      if (status) memory.most = Math.max(memory.most, status.memoryBytes)
      if (status && until(status)) return
      await sleep(500)
    }
  }
  const hasSent = ({ store }: IngestStatus) =>
    store !== undefined && store.spool.steps === 0 && store.points.sent > 0
  try {
    await watch(options.calmMs, hasSent)
    memory.calm = memory.most
    for (const { name, ms, strike } of troubles) {
      const mend = await strike(live)
      await watch(ms)
      const during = (await look())?.store
      await mend()
      await watch(90_000, ({ store }) => store?.waiting === null && store.spool.steps === 0)
      const after = (await look())?.store
      options.say(
        `${name}: waited for ${during?.waiting?.reason ?? 'nothing'} with ${during?.spool.steps} steps; ` +
          `then ${after?.spool.steps} steps, ${after?.points.sent} points sent`,
      )
    }
    await live.endLoad()
    const last = (await look())!
    for (const { kernelDrops } of last.sockets) lost += kernelDrops ?? 0
    for (const each of last.exporters) lost += each.lost.datagrams
    const points = last.store!.points
    assert.deepEqual(
      { ...points, sent: 0 },
      { sent: 0, refused: 0, refusedByRetention: 0, quarantined: 0, dropped: 0 },
    )
    assert.equal(await live.stopIngest(), 0)
    await live.startIngest()
    await live.ingest.until(
      (status) =>
        status.seriesWrittenAt !== null && status.redo === 0 && status.store!.spool.steps === 0,
    )
    await live.stopIngest()
    await verify(live)
    return {
      flows: live.sent.flows,
      seconds: Math.round((performance.now() - started) / 1000),
      lost,
      points: points.sent,
      requestsInFlightMax: live.proxy.inFlightMax,
      memory,
    }
  } finally {
    await live.remove()
  }
}

/** All flows are in the archive, and InfluxDB has of them what a rebuild gives. */
async function verify({ data, sent, influxd }: Live): Promise<void> {
  const archived = await archiveSums(data)
  assert.deepEqual([archived.flows, archived.bytes], [sent.flows, sent.bytes])
  const here = { WEIR_DATA: data }
  const { code, stderr } = await runWeir(['rebuild', '--from', 'now-6h', '--to', 'now'], here)
  assert.equal(code, 0, stderr)
  const expected = await openSeriesReader(readSettings(here))
  const found = await openSeriesReader(readSettings({ ...influxd.environment, ...here }))
  try {
    assert.deepEqual(await rowsOf(found), await rowsOf(expected))
  } finally {
    await Promise.all([expected.close(), found.close()])
  }
}

/** The sums of every row of every tier, by step and key. */
async function rowsOf(series: SeriesReader): Promise<string[]> {
  const rows: string[] = []
  for (const tier of readSettings({}).tiers) {
    const extent = await series.extent(tier)
    assert.ok(extent, tier.name)
    const range = { tier, from: extent.from, to: extent.to + tier.stepMs, exporter }
    for await (const { coverage, measurements } of series.steps(range))
      for (const block of measurements)
        for (const { bytes, packets, flows, active, ...row } of rowsBack(block)) {
          const { host, port, protocol, direction } = row
          const key = [block.measurement, host, protocol, port, direction].join(' ')
          rows.push(
            `${tier.name} ${coverage.time} ${key} ${[bytes, packets, flows, active].join(' ')}`,
          )
        }
  }
  return rows.sort()
}
