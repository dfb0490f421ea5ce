/**
 * A collector under live load whose InfluxDB suffers one fault after another. At the end InfluxDB
 * must hold what a rebuild from the archive gives, and the archive every flow that was sent.
 */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import type { IngestStatus } from '../../flow/status.ts'
import { openSeriesReader } from '../../store/open-series.ts'
import type { SeriesReader } from '../../store/series.ts'
import { RunningInfluxd } from '../influxd.ts'
import { runWeir, RunningIngest, scratchFolder } from '../processes.ts'
import { readSettings } from '../settings.ts'
import { rowsBack } from '../store/series-rows.ts'
import { archiveSums } from '../stored.ts'
import { untilRead } from '../udp-queue.ts'
import { InfluxProxy, type Fault } from './influx-proxy.ts'
import {
  fateOf,
  flowsPerDatagram,
  journalled,
  NumberedExporter,
  type Fate,
  type Gap,
} from './numbered-exporter.ts'

/**
 * Datagrams sent this shortly before ingest ends may still be in the kernel's buffer: a process
 * cannot journal what it had no time to read.
 */
const graceMs = 1000
const exporter = '127.0.0.1'
const none: Fault = { kind: 'none' }

/**
 * A trouble: what is wrong, and for how long; `strike` starts it and returns the function that ends
 * it.
 */
export interface Trouble {
  name: string
  ms: number
  strike: (live: Live) => Promise<() => Promise<void>>
}

interface LiveFigures {
  /** Flows sent, and the datagrams that nobody could receive because ingest was not running. */
  flows: number
  unheard: number
  seconds: number
  /** Datagrams lost by ingest or the kernel while ingest was running. */
  lost: number
  points: number
  requestsInFlightMax: number
  /** Peak resident memory of ingest: before the first trouble and from then on, bytes; by minute of the run, MB. */
  memory: { calm: number; inTrouble: number; minutes: number[] }
}

/** A collector, its InfluxDB behind a proxy, and an exporter that keeps sending. */
export class Live {
  readonly influxd: RunningInfluxd
  readonly proxy: InfluxProxy
  readonly data: string
  readonly exporter: NumberedExporter
  ingest: RunningIngest
  /** When ingest was not running. */
  readonly gaps: Gap[] = []
  /** Datagrams in the journal when ingest was killed. */
  readonly accepted = new Set<number>()
  #isRunning = true

  private constructor(
    { influxd, proxy, data, ingest }: Pick<Live, 'influxd' | 'proxy' | 'data' | 'ingest'>,
    flowsPerSecond: number,
  ) {
    this.influxd = influxd
    this.proxy = proxy
    this.data = data
    this.ingest = ingest
    this.exporter = new NumberedExporter(() => this.ingest.port, flowsPerSecond)
  }

  static async open(flowsPerSecond: number): Promise<Live> {
    const influxd = await RunningInfluxd.startReady()
    const proxy = await InfluxProxy.open(influxd.url)
    const data = await scratchFolder()
    const environment = { ...influxd.environment, WEIR_INFLUX_URL: proxy.url }
    const ingest = await RunningIngest.start(data, environment)
    return new Live({ influxd, proxy, data, ingest }, flowsPerSecond)
  }

  /** Stops and restarts ingest while the exporter keeps sending. */
  async restartIngest(signal: NodeJS.Signals): Promise<void> {
    const from = Date.now() - graceMs
    const code = await this.stopIngest(signal)
    assert.equal(code, signal === 'SIGTERM' ? 0 : null)
    for (const number of await journalled(this.data)) this.accepted.add(number)
    await this.startIngest()
    this.gaps.push([from, Date.now()])
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

  async remove(): Promise<void> {
    await this.exporter.end()
    await this.stopIngest('SIGKILL')
    this.proxy.close()
    await this.influxd.remove()
    await rm(this.data, { recursive: true, force: true })
  }
}

/** A trouble made by the proxy. */
export function proxied(name: string, fault: Fault, ms: number): Trouble {
  const strike = async ({ proxy }: Live) => {
    proxy.fault = fault
    return async () => {
      proxy.fault = none
    }
  }
  return { name, ms, strike }
}

interface LiveOptions {
  flowsPerSecond: number
  /** The calm before the first trouble: until something, or everything, was sent to InfluxDB. */
  calmMs: number
  isWholeCalm?: boolean
  say: (text: string) => void
}

/** Runs the troubles one after the other, and asserts what must hold. */
export async function liveThrough(
  troubles: readonly Trouble[],
  options: LiveOptions,
): Promise<LiveFigures> {
  const live = await Live.open(options.flowsPerSecond)
  const started = performance.now()
  const memory = { calm: 0, inTrouble: 0, minutes: [] as number[] }
  let most = 0
  const look = () => live.ingest.status().catch(() => null)
  const note = (bytes: number) => {
    most = Math.max(most, bytes)
    const minute = Math.floor((performance.now() - started) / 60_000)
    memory.minutes[minute] = Math.max(memory.minutes[minute] ?? 0, Math.round(bytes / 1e6))
  }
  /** Polls ingest for this long, or until a condition holds. */
  const watch = async (ms: number, until: (status: IngestStatus) => boolean = () => false) => {
    const end = performance.now() + ms
    while (performance.now() < end) {
      const status = await look()
      if (status) note(status.memoryBytes)
      if (status && until(status)) return
      await sleep(500)
    }
  }
  const hasSent = ({ store }: IngestStatus) =>
    store !== undefined && store.spool.steps === 0 && store.points.sent > 0
  try {
    await watch(options.calmMs, options.isWholeCalm === true ? undefined : hasSent)
    memory.calm = most
    for (const { name, ms, strike } of troubles) {
      most = 0
      const mend = await strike(live)
      await watch(ms)
      const during = (await look())?.store
      await mend()
      await watch(90_000, ({ store }) => store?.waiting === null && store.spool.steps === 0)
      const after = (await look())?.store
      options.say(
        `${name}: waited for ${during?.waiting?.reason ?? 'nothing'} with ${during?.spool.steps} steps; ` +
          `then ${after?.spool.steps} steps, ${after?.points.sent} points sent; ` +
          `${Math.round(most / 1e6)} MB at most`,
      )
      memory.inTrouble = Math.max(memory.inTrouble, most)
    }
    // A loss only shows in a later sequence number: one must come after the last restart.
    await watch(90_000, ({ journal }) => journal !== null && journal.datagrams > 0)
    await live.exporter.end()
    await untilRead(live.ingest.port)
    await sleep(500)
    const last = (await look())!
    const dropped = last.sockets.reduce((sum, { kernelDrops }) => sum + (kernelDrops ?? 0), 0)
    const missed = last.exporters.reduce((sum, each) => sum + each.lost.datagrams, 0)
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
    const { excused } = await verify(live)
    // The exporter's sequence numbers show exactly the datagrams that nobody could receive.
    assert.equal(missed, excused)
    return {
      flows: live.exporter.flows,
      unheard: excused,
      seconds: Math.round((performance.now() - started) / 1000),
      lost: dropped + missed - excused,
      points: points.sent,
      requestsInFlightMax: live.proxy.inFlightMax,
      memory,
    }
  } finally {
    await live.remove()
  }
}

/** Every flow that ingest could receive is in the archive, and InfluxDB holds what a rebuild gives. */
async function verify(live: Live): Promise<Fate> {
  const { data, influxd } = live
  const fate = await fateOf(live.exporter, live)
  assert.deepEqual(fate.faults.slice(0, 20), [])
  const archived = await archiveSums(data)
  assert.equal(archived.flows, fate.stored * flowsPerDatagram)
  const here = { WEIR_DATA: data }
  const { code, stderr } = await runWeir(['rebuild', '--from', 'now-6h', '--to', 'now'], here)
  assert.equal(code, 0, stderr)
  const expected = await openSeriesReader(readSettings(here))
  const found = await openSeriesReader(readSettings({ ...influxd.environment, ...here }))
  try {
    assert.deepEqual(await rowsOf(found), await rowsOf(expected))
    return fate
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
