/**
 * Steps are written, and rewritten with fewer keys, while something is wrong with InfluxDB; then
 * the fault ends. At the end InfluxDB must hold exactly what was written last.
 */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import type { StoreStatus } from '../../flow/status.ts'
import { openInfluxSeriesReader } from '../../store/influx/reader.ts'
import { openInfluxSeries } from '../../store/influx/series.ts'
import type { StepRows } from '../../store/series.ts'
import type { RunningInfluxd } from '../influxd.ts'
import { scratchFolder } from '../processes.ts'
import { ownBuckets } from '../store/influx/influx-under-test.ts'
import { coverageOf, dayMs, plain, stepOf, tiers, type Row } from '../store/series-rows.ts'
import { InfluxProxy } from './influx-proxy.ts'

const fine = tiers['5m']
const exporter = '192.0.2.1'
/** On a busy machine a fault takes effect late. */
const feltMsMax = 30_000

interface Ordeal {
  /** Starts the fault; called when the first steps have been written. */
  begin: (proxy: InfluxProxy) => void | Promise<void>
  /** Ends the fault. */
  end?: (proxy: InfluxProxy) => void | Promise<void>
  /** How long it lasts, at least. */
  ms: number
  /** It goes on until this holds; default: no longer. */
  until?: (status: StoreStatus) => boolean
  steps?: number
  hosts?: number
  /** The store's request timeout. */
  timeoutMs?: number
}

interface Outlived {
  proxy: InfluxProxy
  status: StoreStatus
  /** The store's status during the fault. */
  during: StoreStatus
  /** From the end of the fault until everything was written, and the number of points. */
  drainMs: number
  points: number
}

/** Rows of a step in its `version`: each has fewer hosts than the one before. */
export function stepInVersion(time: number, version: number, hosts: number): StepRows {
  const count = Math.max(1, hosts - version * Math.ceil(hosts / 10))
  const rows = Array.from({ length: count }, (_, i): Row => ({
    host: `10.${version % 2}.${i >> 8}.${i & 255}`,
    direction: i % 2 === 0 ? 'in' : 'out',
    bytes: 1000 * version + i + 1,
    packets: i + 1,
    flows: 1,
    active: 7,
  }))
  const bytes = rows.reduce((sum, row) => sum + row.bytes!, 0)
  return stepOf(coverageOf(time, exporter, { datagrams: version }), {
    host: rows,
    total: [{ direction: 'in', bytes, packets: 1, flows: 1, active: 1 }],
  })
}

/** Runs an ordeal; asserts that nothing is lost and that at most two requests are in flight. */
export async function outlive(influxd: RunningInfluxd, ordeal: Ordeal): Promise<Outlived> {
  const { steps = 12, hosts = 400, timeoutMs = 2000 } = ordeal
  const direct = await ownBuckets(influxd)
  const proxy = await InfluxProxy.open(influxd.url)
  const folder = await scratchFolder()
  const settings = { ...direct, url: proxy.url }
  const store = await openInfluxSeries({ settings, folder, tiers: Object.values(tiers), timeoutMs })
  const start = Math.floor(Date.now() / dayMs) * dayMs - 3 * dayMs
  const times = Array.from({ length: steps }, (_, i) => start + i * fine.stepMs)
  const expected = new Map<number, StepRows>()
  const write = async (chosen: readonly number[], version: number) => {
    const made = chosen.map((time) => stepInVersion(time, version, hosts))
    for (const step of made) expected.set(step.coverage.time, step)
    await store.write(fine, made)
  }
  try {
    await write(times.slice(0, steps / 2), 1)
    await store.settled!()
    await ordeal.begin(proxy)
    await write(times, 2)
    await sleep(ordeal.ms / 2)
    await write(times.slice(0, steps / 4), 3)
    await sleep(ordeal.ms / 2)
    const isFelt = ordeal.until ?? (() => true)
    for (const end = performance.now() + feltMsMax; performance.now() < end; await sleep(20))
      if (isFelt(store.status!())) break
    const during = store.status!()
    const waiting = store.status!().spool.steps
    await (ordeal.end ?? ((each) => (each.fault = { kind: 'none' })))(proxy)
    const started = performance.now()
    await write(times.slice(-2), 4)
    await settled(store)
    const drainMs = performance.now() - started
    const status = store.status!()
    await store.close()
    assert.deepEqual(await storedIn(direct, times), plain(times.map((time) => expected.get(time)!)))
    assert.ok(proxy.inFlightMax <= 2, `${proxy.inFlightMax} requests in flight`)
    assert.equal(status.spool.steps, 0)
    return { proxy, status, during, drainMs, points: (waiting + 2) * hosts }
  } finally {
    proxy.close()
    await store.close().catch(() => undefined)
    await rm(folder, { recursive: true, force: true })
  }
}

/** Waits until InfluxDB has everything, however long the pauses are. */
export async function settled(store: { settled?(): Promise<void> }): Promise<void> {
  for (let tries = 0; ; tries++)
    try {
      return await store.settled!()
    } catch (error) {
      if (tries > 4) throw error
      await sleep(1000)
    }
}

/** The steps that InfluxDB itself holds. */
export async function storedIn(
  settings: Awaited<ReturnType<typeof ownBuckets>>,
  times: readonly number[],
): Promise<unknown[]> {
  const reader = await openInfluxSeriesReader(settings)
  const found: StepRows[] = []
  const range = { tier: fine, from: times[0]!, to: times.at(-1)! + fine.stepMs, exporter }
  for await (const step of reader.steps(range)) found.push(step)
  return plain(found)
}
