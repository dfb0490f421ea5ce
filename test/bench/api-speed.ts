/**
 * How long the API takes for series of a day and of a year, warmed up and with another end each
 * time, and how many requests a second it answers for the same closed panel. The API runs on one
 * core; the client has the other.
 *
 *     node test/bench/api-speed.ts FOLDER TO
 *
 * FOLDER is a data folder with an archive (archive-data.ts) and series (series-data.ts); TO (unix
 * seconds) lies in its series.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { cpuSecondsOf } from '../load/usage.ts'
import { ask, cores, percentile, startApi, type ApiProcess } from './api-process.ts'
import type { HttpLoad } from './http-load.ts'

const loader = fileURLToPath(new URL('http-load.ts', import.meta.url))
const rounds = 60
/** Enough that files are open and loops compiled, which takes some seconds on one core after the start. */
const warmUpRounds = 60
const panel = { seconds: 5, warmUpSeconds: 2, connections: 8 }

interface SeriesAnswerTime {
  /** ms */
  p50: number
  p95: number
  /** Of the API, ms per answer. */
  cpu: number
}

/** Times for windows of a given length that end before `end` (unix seconds). */
async function seriesSpeed(
  { url, pid }: ApiProcess,
  end: number,
  length: number,
): Promise<SeriesAnswerTime> {
  const times: number[] = []
  let began = 0
  for (let i = -warmUpRounds; i < rounds; i++) {
    if (i === 0) began = await cpuSecondsOf(pid)
    // Another end each time, so that no answer is cached.
    const to = end - (i + warmUpRounds) * 300
    const { ms, status, text } = await ask(
      `${url}/api/series?from=${to - length}&to=${to}&by=host&top=8`,
    )
    if (status !== 200) throw new Error(`${status}: ${text}`)
    if (i >= 0) times.push(ms)
  }
  const cpu = Math.round((((await cpuSecondsOf(pid)) - began) / rounds) * 1e4) / 10
  return { p50: percentile(times, 0.5), p95: percentile(times, 0.95), cpu }
}

/** The API's rate for one closed panel, queried over and over. */
async function panelSpeed({ url, pid }: ApiProcess, end: number, encoding: string) {
  const address = `${url}/api/series?from=${end - 86_400}&to=${end}&by=host&top=8`
  const load = async (seconds: number): Promise<HttpLoad> => {
    const rest = [loader, address, String(seconds), String(panel.connections), encoding]
    const args = ['-c', cores.asker, process.execPath, ...rest]
    return JSON.parse((await promisify(execFile)('taskset', args)).stdout) as HttpLoad
  }
  await load(panel.warmUpSeconds)
  const began = await cpuSecondsOf(pid)
  const { answered, seconds, bytes, p50, p99 } = await load(panel.seconds)
  const cpuSeconds = (await cpuSecondsOf(pid)) - began
  const perSecond = Math.round(answered / seconds)
  return { perSecond, perCpuSecond: Math.round(answered / cpuSeconds), bytes, p50, p99 }
}

interface ApiSpeed {
  day: SeriesAnswerTime
  year: SeriesAnswerTime
  panel: Awaited<ReturnType<typeof panelSpeed>>
  compressedPanel: Awaited<ReturnType<typeof panelSpeed>>
}

/** For a data folder with series that end at or after `end` (unix seconds). */
export async function apiSpeed(data: string, end: number): Promise<ApiSpeed> {
  const api = await startApi(data)
  try {
    return {
      day: await seriesSpeed(api, end, 86_400),
      year: await seriesSpeed(api, end, 365 * 86_400),
      panel: await panelSpeed(api, end, ''),
      compressedPanel: await panelSpeed(api, end, 'gzip, deflate, br'),
    }
  } finally {
    api.stop()
  }
}

if (import.meta.main) {
  const [data, to] = process.argv.slice(2)
  if (data === undefined || to === undefined) throw new Error('api-speed.ts FOLDER TO')
  process.stdout.write(`${JSON.stringify(await apiSpeed(data, Number(to)), null, 1)}\n`)
}
