/**
 * How long /api/series takes over a year of many hosts in a real InfluxDB.
 *
 *     node test/bench/influx-speed.ts FOLDER [HOSTS [REQUESTS]]
 *
 * Fills the folder on the first run; later runs only query it.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { pino } from 'pino'

import { runApi } from '../../api/main.ts'
import { RunningInfluxd } from '../influxd.ts'
import { scratchFolder } from '../processes.ts'
import { readSettings } from '../settings.ts'
import { dayMs, tiers } from '../store/series-rows.ts'
import { addressOf, fillInflux } from './influx-data.ts'

interface InfluxSpeed {
  points: number
  /** 0 if they were already there. */
  fillPointsPerSecond: number
  /** ms */
  p95: Record<WindowName, number>
  median: Record<WindowName, number>
  requests: number
  /** CPU time per request, by process, ms. */
  cpu: { influxd: number; api: number }
}

interface InfluxSpeedOptions {
  /** How much of each tier, in days. */
  days: Partial<Record<keyof typeof tiers, number>>
  hosts: number
  /** Per window. */
  requests: number
  /** Where InfluxDB keeps its data for later runs; absent: nowhere. */
  folder?: string
}

const windows = { '24 h': dayMs, '1 year': 365 * dayMs }
type WindowName = keyof typeof windows

/**
 * Data that is months old would have been compacted long ago; the test does not wait hours for
 * that.
 */
const flags = [
  '--storage-compact-full-write-cold-duration=10s',
  '--storage-cache-snapshot-write-cold-duration=5s',
]
const settleMs = 1000

/** Fills an InfluxDB, and queries each window. */
export async function measureInflux(options: InfluxSpeedOptions): Promise<InfluxSpeed> {
  const folder = options.folder ?? (await scratchFolder())
  const filled = await fillOnce(folder, options)
  const influxd = await RunningInfluxd.start({ folder, flags })
  const data = await scratchFolder()
  const settings = { ...influxd.environment, WEIR_DATA: data, WEIR_HTTP: '127.0.0.1:0' }
  const api = await runApi(readSettings(settings), pino({ level: 'silent' }))
  try {
    const before = await processorTime(influxd.pid)
    const times = await askAll(api.url, { ...options, end: filled.end })
    const after = await processorTime(influxd.pid)
    const of = (part: number) => ({
      '24 h': percentile(times['24 h'], part),
      '1 year': percentile(times['1 year'], part),
    })
    const { points, fillPointsPerSecond } = filled
    const requests = 2 * options.requests
    const cpu = {
      influxd: Math.round((after.other - before.other) / requests),
      api: Math.round((after.own - before.own) / requests),
    }
    return { points, fillPointsPerSecond, p95: of(0.95), median: of(0.5), requests, cpu }
  } finally {
    await api.close()
    await influxd.stop()
    await rm(data, { recursive: true, force: true })
    if (options.folder === undefined) await influxd.remove()
  }
}

interface Filled {
  /** unix ms */
  end: number
  points: number
  fillPointsPerSecond: number
}

/** Fills the folder unless it has been filled. */
async function fillOnce(folder: string, { days, hosts }: InfluxSpeedOptions): Promise<Filled> {
  const note = join(folder, 'filled.json')
  if (existsSync(note))
    return { ...(JSON.parse(await readFile(note, 'utf8')) as Filled), fillPointsPerSecond: 0 }
  const influxd = await RunningInfluxd.start({ folder, flags })
  await influxd.setUp()
  const end = Math.floor(Date.now() / dayMs) * dayMs
  const began = performance.now()
  let points = 0
  for (const [name, length] of Object.entries(days)) {
    const tier = tiers[name as keyof typeof tiers]
    points += await fillInflux(influxd, { tier, end, days: length, hosts })
  }
  const seconds = (performance.now() - began) / 1000
  await sleep(settleMs)
  await influxd.stop()
  const filled = { end, points, fillPointsPerSecond: Math.round(points / seconds) }
  await writeFile(note, JSON.stringify(filled))
  return filled
}

/** Queries each window this many times, each time with a different end, so that no answer is cached. */
async function askAll(
  url: string,
  { requests, hosts, end }: { requests: number; hosts: number; end: number },
): Promise<Record<WindowName, number[]>> {
  const times: Record<WindowName, number[]> = { '24 h': [], '1 year': [] }
  // The last host sends what the first one receives.
  const busiest = Array.from({ length: 7 }, (_, host) => addressOf(host))
  const expected = [...busiest, addressOf(hosts - 1), 'other'].toSorted()
  for (let i = 0; i < requests; i++)
    for (const [name, length] of Object.entries(windows) as [WindowName, number][]) {
      const to = (end - i * tiers['5m'].stepMs) / 1000
      const query = `from=${to - length / 1000}&to=${to}&by=host&top=8`
      const asked = performance.now()
      const response = await fetch(`${url}/api/series?${query}`)
      const answer = (await response.json()) as { series?: { key: { host?: string } }[] }
      times[name].push(performance.now() - asked)
      assert.equal(response.status, 200, JSON.stringify(answer))
      const found = answer.series?.map(({ key }) => key.host ?? 'other')
      assert.deepEqual(found?.toSorted(), expected)
    }
  return times
}

/** CPU time of another process and of this one, ms. */
async function processorTime(pid: number): Promise<{ other: number; own: number }> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8')
  // After the name in brackets: utime and stime are the 12th and 13th, in hundredths of a second.
  const columns = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const { user, system } = process.cpuUsage()
  return { other: 10 * (Number(columns[11]) + Number(columns[12])), own: (user + system) / 1000 }
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return Math.round(sorted[Math.ceil(part * sorted.length) - 1]!)
}

/** The data: two days in 5 minutes, a year in 2 hours and in days. */
export const yearInInflux = { '5m': 2, '2h': 365, '1d': 365 }

if (process.argv[1] === import.meta.filename) {
  const [folder, hosts = '1000', requests = '100'] = process.argv.slice(2)
  if (folder === undefined) throw new Error('name a folder: influx-speed.ts FOLDER')
  const sizes = { hosts: Number(hosts), requests: Number(requests), folder }
  const figures = await measureInflux({ days: yearInInflux, ...sizes })
  process.stdout.write(`${JSON.stringify(figures)}\n`)
}
