/**
 * The API under many questions beside a collector under load, on one data folder: whether ingest loses a datagram and how
 * late its loop is (of the thread that decodes) while 50 heavy queries are asked at once; then, without load, how long
 * series take and how many requests a second a closed panel is answered from the cache on one core.
 *
 *     node test/bench/beside.ts FOLDER FROM TO [RATE] [SECONDS]
 *
 * FOLDER is a data folder with an archive (archive-data.ts) and series (series-data.ts); FROM and TO bound its flows.
 */
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { Agent, get } from 'node:http'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { openFastSender } from '../load/native-sender.ts'
import { cpuSecondsOf } from '../load/usage.ts'
import { RunningIngest } from '../processes.ts'

const delayProbe = new URL('loop-delay.ts', import.meta.url).href
const weir = fileURLToPath(new URL('../../cli/weir.js', import.meta.url))
const heavyAtOnce = 50
/** Each is about so much time: some hundred thousand flows where a day has ten million. */
const heavySeconds = 3600
const rounds = 60
const panelSeconds = 5
const panelsAtOnce = 20

interface Answer {
  status: number
  ms: number
}

const agent = new Agent({ keepAlive: true, maxSockets: heavyAtOnce })

function ask(url: string): Promise<Answer & { text: string }> {
  const began = performance.now()
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (piece: string) => (text += piece))
      response.on('end', () =>
        resolve({ status: response.statusCode!, ms: performance.now() - began, text }),
      )
    }).on('error', reject)
  })
}

async function startApi(data: string): Promise<{ url: string; pid: number; stop: () => void }> {
  // On one core, as the panel's figure is asked for; ingest has the other.
  const child = spawn('taskset', ['-c', '1', process.execPath, weir, 'api'], {
    env: { ...process.env, WEIR_DATA: data, WEIR_HTTP: '127.0.0.1:0', WEIR_LOG: 'warn' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /the page is at (http:\S+)/.exec(line)?.[1]
    if (url !== undefined) return { url, pid: child.pid!, stop: () => void child.kill() }
  }
  throw new Error('the API ended before it listened')
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return Math.round(sorted[Math.ceil(part * sorted.length) - 1]! * 10) / 10
}

/** Fifty different heavy questions at a time, over and over while load goes on. */
async function underLoad(
  api: string,
  data: string,
  { from, to, rate, seconds }: Record<'from' | 'to' | 'rate' | 'seconds', number>,
) {
  const delayFile = join(data, 'loop-delay.json')
  const ingest = await RunningIngest.start(data, {
    WEIR_RECEIVE_BUFFER: '64MB',
    NODE_OPTIONS: `--import=${delayProbe}`,
    LOOP_DELAY_FILE: delayFile,
    WEIR_ARCHIVE_KEEP: '4000d',
  })
  const load = { rate, seconds, hosts: 100_000, version: 'v5' as const, exporters: 1 }
  const options = { ...load, flows: 1_000_000, port: ingest.port, rampSeconds: 4 }
  const sender = await openFastSender(options)
  const heldFlows = (await ingest.status()).exporters.reduce((sum, each) => sum + each.flows, 0)
  const sending = sender.send()
  const ended = sending.then(() => true)
  const answers: Answer[] = []
  await sleep(4000)
  for (let round = 0; ; round++) {
    const questions = Array.from({ length: heavyAtOnce }, (_, i) => {
      const begin = from + Math.floor(((to - from - heavySeconds) * i) / heavyAtOnce) + 60 * round
      const by = ['host', 'port'][i % 2]!
      return ask(`${api}/api/top?from=${begin}&to=${begin + heavySeconds}&by=${by}`)
    })
    answers.push(...(await Promise.all(questions)))
    if (await Promise.race([ended, sleep(10, false)])) break
  }
  const sent = await sending
  await sleep(2000)
  const status = await ingest.status()
  await ingest.stop()
  const statuses = Object.groupBy(answers, ({ status: code }) => code)
  return {
    sent: sent.flows,
    rate: Math.round(sent.flows / sent.seconds),
    flows: status.exporters.reduce((sum, each) => sum + each.flows, 0) - heldFlows,
    kernelDrops: status.sockets.reduce((sum, each) => sum + (each.kernelDrops ?? 0), 0),
    overflowed: status.overflowed,
    loopDelayMs: JSON.parse(await readFile(delayFile, 'utf8')) as Record<string, number>,
    answers: Object.fromEntries(Object.entries(statuses).map(([code, of]) => [code, of?.length])),
    medianMs: percentile(answers.map(({ ms }) => ms), 0.5), // prettier-ignore
  }
}

async function seriesSpeed(api: string, end: number) {
  const windows = { '24 h': 86_400, '1 year': 365 * 86_400 }
  const speeds: Record<string, { p50: number; p95: number }> = {}
  for (const [name, length] of Object.entries(windows)) {
    const times: number[] = []
    for (let i = -5; i < rounds; i++) {
      // Another end each time: no answer is another's.
      const to = end - (i + 5) * 300
      const { ms, status } = await ask(
        `${api}/api/series?from=${to - length}&to=${to}&by=host&top=8`,
      )
      if (status !== 200) throw new Error(`${name}: ${status}`)
      if (i >= 0) times.push(ms)
    }
    speeds[name] = { p50: percentile(times, 0.5), p95: percentile(times, 0.95) }
  }
  return speeds
}

async function panelSpeed(api: string, pid: number, end: number) {
  const url = `${api}/api/series?from=${end - 86_400}&to=${end}&by=host&top=8`
  const until = performance.now() + panelSeconds * 1000
  const began = await cpuSecondsOf(pid)
  let answered = 0
  const client = async () => {
    while (performance.now() < until) {
      const { status } = await ask(url)
      if (status !== 200) throw new Error(`panel: ${status}`)
      answered++
    }
  }
  await Promise.all(Array.from({ length: panelsAtOnce }, client))
  const cpuSeconds = (await cpuSecondsOf(pid)) - began
  return { perSecond: answered / panelSeconds, perCpuSecond: Math.round(answered / cpuSeconds) }
}

const [data, ...numbers] = process.argv.slice(2)
if (data === undefined) throw new Error('name the data folder: beside.ts FOLDER FROM TO')
const [from = 0, to = 0, rate = 200_000, seconds = 20] = numbers.map(Number)
// A running collector does not keep this process alive by itself.
const alive = setInterval(() => {}, 1000)
const api = await startApi(data)
try {
  const results = {
    underLoad: await underLoad(api.url, data, { from, to, rate, seconds }),
    series: await seriesSpeed(api.url, to),
    panel: await panelSpeed(api.url, api.pid, to),
  }
  process.stdout.write(`${JSON.stringify(results, null, 1)}\n`)
} finally {
  api.stop()
  clearInterval(alive)
}
