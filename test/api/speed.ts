/**
 * How long /api/series takes over a store of many hosts and a year, while a replay into another
 * folder runs.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'

import { pino } from 'pino'

import { runApi } from '../../api/main.ts'
import { makeSeriesData, yearOfTiers, type SeriesDataOptions } from '../bench/series-data.ts'
import { scratchFolder } from '../processes.ts'
import { readSettings } from '../settings.ts'

interface SpeedFigures {
  /** 95th percentile of the response times, ms. */
  p95Ms: Record<'24 h' | '1 year', number>
  medianMs: Record<'24 h' | '1 year', number>
  requests: number
  rows: number
}

const hourMs = 3_600_000
const windows = { '24 h': 24 * hourMs, '1 year': 365 * 24 * hourMs } as const
const story = 'test/captures/monday-outage.v9.pcap.gz'

/** Creates the store, sends `requests` requests for each window, and returns the figures. */
export async function measureSeries(
  requests: number,
  { hosts, share }: { hosts: number; share: number },
): Promise<SpeedFigures> {
  const data = await scratchFolder()
  const end = Math.floor(Date.now() / (24 * hourMs)) * 24 * hourMs
  const tiers: SeriesDataOptions['tiers'] = yearOfTiers.map(({ tier, lengthMs }) => ({
    tier,
    lengthMs: Math.max(24 * hourMs, Math.floor((lengthMs * share) / (24 * hourMs)) * 24 * hourMs),
  }))
  const rows = await makeSeriesData({ folder: join(data, 'series'), end, hosts, tiers })
  const settings = readSettings({ WEIR_DATA: data, WEIR_HTTP: '127.0.0.1:0' })
  const api = await runApi(settings, pino({ level: 'silent' }))
  const stopReplays = replayBeside()
  try {
    const times = { '24 h': [] as number[], '1 year': [] as number[] }
    for (let i = 0; i < requests; i++)
      for (const [name, length] of Object.entries(windows) as [keyof typeof windows, number][]) {
        // Each has a different end, so that no answer is cached.
        const to = (end - i * 300_000) / 1000
        const url = `${api.url}/api/series?from=${to - length / 1000}&to=${to}&by=host&top=8`
        const started = performance.now()
        const response = await fetch(url)
        const answer = (await response.json()) as { series?: unknown[] }
        times[name].push(performance.now() - started)
        assert.equal(response.status, 200, JSON.stringify(answer))
        assert.ok((answer.series?.length ?? 0) >= Math.min(8, hosts))
      }
    return {
      p95Ms: {
        '24 h': percentile(times['24 h'], 0.95),
        '1 year': percentile(times['1 year'], 0.95),
      },
      medianMs: {
        '24 h': percentile(times['24 h'], 0.5),
        '1 year': percentile(times['1 year'], 0.5),
      },
      requests: 2 * requests,
      rows,
    }
  } finally {
    stopReplays()
    await api.close()
  }
}

/** Replays the story into fresh folders, one after the other, until told to stop. */
function replayBeside(): () => void {
  let isStopped = false
  let stop = () => {}
  const next = async () => {
    if (isStopped) return
    const data = await scratchFolder()
    const child = spawn(process.execPath, ['cli/weir.js', 'replay', story], {
      env: { ...process.env, WEIR_DATA: data },
      stdio: 'ignore',
    })
    stop = () => child.kill('SIGKILL')
    child.once('exit', () => void next())
  }
  void next()
  return () => {
    isStopped = true
    stop()
  }
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return Math.round(sorted[Math.ceil(part * sorted.length) - 1]!)
}
