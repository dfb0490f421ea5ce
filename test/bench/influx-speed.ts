/** /api/series over a year of many hosts in a real InfluxDB: how long its answers take. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'

import { pino } from 'pino'

import { runApi } from '../../api/main.ts'
import { readSettings } from '../../flow/settings.ts'
import type { Tier } from '../../flow/interval.ts'
import { bucketOf } from '../../store/influx/buckets.ts'
import { coverageLine, rowLines } from '../../store/influx/lines.ts'
import { fieldNames } from '../../store/measurement.ts'
import type { StepRows } from '../../store/series.ts'
import { emptyRows, isConsolidated } from '../../store/shape.ts'
import { RunningInfluxd } from '../influxd.ts'
import { scratchFolder } from '../processes.ts'
import { dayMs, tiers } from '../store/series-rows.ts'

export interface InfluxSpeed {
  points: number
  fillPointsPerSecond: number
  /** ms */
  p95: Record<'24 h' | '1 year', number>
  median: Record<'24 h' | '1 year', number>
  requests: number
}

const exporter = '192.0.2.1'
const intervalMs = tiers['5m'].stepMs
const linesPerRequest = 5000
const requestsAtATime = 2
const triesMax = 5

/** Fills an InfluxDB with `days` of each tier for so many hosts, and asks `requests` times for each window. */
export async function measureInflux(
  days: Partial<Record<keyof typeof tiers, number>>,
  { hosts, requests }: { hosts: number; requests: number },
): Promise<InfluxSpeed> {
  const influxd = await RunningInfluxd.startReady()
  const data = await scratchFolder()
  const end = Math.floor(Date.now() / dayMs) * dayMs
  const started = performance.now()
  let points = 0
  for (const [name, length] of Object.entries(days))
    points += await fill(influxd, { tier: tiers[name as keyof typeof tiers], end, length, hosts })
  const seconds = (performance.now() - started) / 1000
  const settings = { ...influxd.environment, WEIR_DATA: data, WEIR_HTTP: '127.0.0.1:0' }
  const api = await runApi(readSettings(settings), pino({ level: 'silent' }))
  try {
    const times = { '24 h': [] as number[], '1 year': [] as number[] }
    const windows = { '24 h': dayMs, '1 year': 365 * dayMs }
    for (let i = 0; i < requests; i++)
      for (const [name, length] of Object.entries(windows) as [keyof typeof windows, number][]) {
        // Each asks for another end, so that no answer is another's from a cache.
        const to = (end - i * intervalMs) / 1000
        const url = `${api.url}/api/series?from=${to - length / 1000}&to=${to}&by=host&top=8`
        const asked = performance.now()
        const response = await fetch(url)
        const answer = (await response.json()) as { series?: unknown[] }
        times[name].push(performance.now() - asked)
        assert.equal(response.status, 200, JSON.stringify(answer))
        assert.equal(answer.series?.length, 9)
      }
    const of = (part: number) => ({
      '24 h': percentile(times['24 h'], part),
      '1 year': percentile(times['1 year'], part),
    })
    const fillPointsPerSecond = Math.round(points / seconds)
    return { points, fillPointsPerSecond, p95: of(0.95), median: of(0.5), requests: 2 * requests }
  } finally {
    await api.close()
    await influxd.remove()
    await rm(data, { recursive: true, force: true })
  }
}

interface Filling {
  tier: Tier
  /** unix ms */
  end: number
  /** days */
  length: number
  hosts: number
}

/** Writes steps straight to InfluxDB, as the store writes them; gives how many points these are. */
export async function fill(
  influxd: RunningInfluxd,
  { tier, end, length, hosts }: Filling,
): Promise<number> {
  const token = await influxd.adminToken()
  const url = `${influxd.url}/api/v2/write?org=weir&bucket=${bucketOf('weir', tier)}&precision=s`
  const headers = { authorization: `Token ${token}` }
  const waiting: Promise<void>[] = []
  let points = 0
  let lines: string[] = []
  const flush = async () => {
    const body = lines.join('\n')
    points += lines.length
    lines = []
    waiting.push(post(url, headers, body))
    if (waiting.length >= requestsAtATime) await waiting.shift()
  }
  for (let time = end - length * dayMs; time < end; time += tier.stepMs) {
    const step = stepOf(tier, time, hosts)
    for (const { line } of rowLines(step)) lines.push(line)
    lines.push(coverageLine(step.coverage))
    if (lines.length >= linesPerRequest) await flush()
  }
  await flush()
  await Promise.all(waiting)
  return points
}

/** Writes lines; a machine that does much else makes InfluxDB answer 500 now and then. */
async function post(url: string, headers: Record<string, string>, body: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    const answer = await fetch(url, { method: 'POST', headers, body })
    if (answer.status === 204) return
    assert.ok(answer.status >= 500 && tries < triesMax, await answer.text())
  }
}

/** A step in which every host receives and sends; what is sent is what somebody receives. */
function stepOf(tier: Tier, time: number, hosts: number): StepRows {
  const isCoarse = isConsolidated(tier)
  const intervals = tier.stepMs / intervalMs
  const host = emptyRows('host', { count: 2 * hosts, isCoarse })
  const total = emptyRows('total', { count: 1, isCoarse })
  total.tags.direction!.push('in')
  for (let i = 0; i < 2 * hosts; i++) {
    const one = i % hosts
    host.tags.host!.push(`10.0.${one >> 8}.${one & 255}`)
    host.tags.direction!.push(i < hosts ? 'in' : 'out')
    const rank = i < hosts ? one : (one + 1) % hosts
    for (const [n, field] of fieldNames.entries()) {
      const value = Math.floor(
        ((1e7 / (rank + 1)) * (2 + Math.sin(time / 1e7 + rank)) * intervals) / 10 ** n,
      )
      host.sum[field][i] = value + 1
      if (i < hosts) total.sum[field][0] = total.sum[field][0]! + value + 1
      if (isCoarse) host.max![field][i] = Math.ceil((2 * (value + 1)) / intervals)
    }
    if (isCoarse) host.known![i] = intervals
  }
  if (isCoarse) {
    for (const field of fieldNames)
      total.max![field][0] = Math.ceil((2 * total.sum[field][0]!) / intervals)
    total.known![0] = intervals
  }
  const coverage = {
    time,
    exporter,
    known: intervals,
    unknown: {},
    datagrams: 1,
    lostFlows: 0,
    lostFlowsEstimated: false,
  }
  return { coverage, measurements: [total, host] }
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return Math.round(sorted[Math.ceil(part * sorted.length) - 1]!)
}
