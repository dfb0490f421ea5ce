/** How long the two processes take to start on a data folder, in wall and CPU time. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { cpuSecondsOf } from '../load/usage.ts'
import { RunningIngest } from '../processes.ts'

const weir = fileURLToPath(new URL('../../cli/weir.js', import.meta.url))

/** Settings under which nothing of a long archive is too old or too much. */
const keepsAll = { WEIR_ARCHIVE_KEEP: '400d', WEIR_ARCHIVE_MAX: '5000GB', WEIR_LOG: 'warn' }

interface Start {
  /** From the command to the first answer. */
  ms: number
  cpuSeconds: number
}

/** Starts ingest on a data folder until it answers, and stops it. */
export async function startIngest(data: string): Promise<Start> {
  const began = performance.now()
  const ingest = await RunningIngest.start(data, keepsAll)
  const ms = performance.now() - began
  const cpuSeconds = await cpuSecondsOf(ingest.pid)
  await ingest.stop()
  return { ms, cpuSeconds }
}

/** Starts the API on a data folder until it has answered a query about the last day's flows, and stops it. */
export async function startApi(data: string): Promise<Start> {
  const began = performance.now()
  const child = spawn(process.execPath, [weir, 'api'], {
    env: { ...process.env, ...keepsAll, WEIR_DATA: data, WEIR_HTTP: '127.0.0.1:0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  try {
    const url = await pageOf(child.stdout)
    for (const path of ['/api/status', '/api/series?from=now-24h&to=now']) {
      const answer = await fetch(url + path)
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
      await answer.arrayBuffer()
    }
    return { ms: performance.now() - began, cpuSeconds: await cpuSecondsOf(child.pid!) }
  } finally {
    child.kill()
    await closed
  }
}

async function pageOf(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const url = /the page is at (http:\S+)/.exec(line)?.[1]
    if (url !== undefined) return url
  }
  throw new Error('the API ended before it listened')
}

/** What is started, and what it must be ready for. */
const started = [
  ['the API answers', startApi],
  ['ingest answers', startIngest],
] as const

/** Several starts of each on a data folder, by what is awaited; the compile cache is filled beforehand. */
export async function startsOn(data: string, rounds: number): Promise<Map<string, Start[]>> {
  await startApi(data)
  const starts = new Map<string, Start[]>()
  for (const [name, start] of started) {
    const each: Start[] = []
    for (let round = 0; round < rounds; round++) each.push(await start(data))
    starts.set(name, each)
  }
  return starts
}
