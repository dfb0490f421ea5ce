/**
 * How fast the archive answers over HTTP as the page queries it, beside nfdump if a folder made by
 * nfdump-data.ts is given: for each query p50 and p95 in ms, and the API's peak memory. The queries
 * are sent twice, over other windows each time: first by an API that has read none of the files,
 * then by one in use.
 *
 *     node test/bench/archive-speed.ts FOLDER DAYS [DAYS-BEFORE-THE-END [NFDUMP-FOLDER]]
 *     node test/bench/archive-speed.ts --cold …
 *
 * `--cold`: the first of each query after the kernel has dropped its file cache (root). FOLDER is
 * one made by archive-data.ts. The same queries run against ClickHouse, to which `weir migrate --to
 * clickhouse` has sent that folder, with the settings of ClickHouse in the environment
 * (WEIR_STORE=clickhouse …); `answers` is a hash that is equal if all answers to a query are. Trust
 * ratios, not figures: the machine is shared; its load is printed beside them.
 */
import { seeded } from '../random.ts'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { madeUntil } from './archive-data.ts'
import { nfdumpSpeed } from './nfdump-speed.ts'

const weir = fileURLToPath(new URL('../../cli/weir.js', import.meta.url))
const minuteMs = 60_000
const dayMs = 1440 * minuteMs

interface Question {
  name: string
  times: number
  path: (random: () => number) => string
}

export interface Answered {
  name: string
  /** The first one; with --cold, from files that nobody has read before. */
  firstMs: number
  /** The median while the API reads most of the files for the first time. */
  unreadMs: number
  /** The median of the second time; with --cold there is none, and this is the first. */
  p50Ms: number
  p95Ms: number
  /** Hash of all answers. */
  answers: string
  /** Of the API process, per query. */
  cpuMs: number
}

function between(from: number, to: number): string {
  return `from=${from / 1000}&to=${to / 1000}`
}

/** The queries, over windows that begin anywhere within the days. */
function questions(days: number, daysBefore: number): Question[] {
  const end = madeUntil - daysBefore * dayMs
  const start = end - days * dayMs
  const anywhere = (lengthMs: number) => (random: () => number) => {
    const room = days * dayMs - lengthMs
    // A window over all data begins up to an hour later: a cached answer would measure nothing.
    const at = start + Math.floor((random() * (room || 60 * minuteMs)) / minuteMs) * minuteMs
    return between(at, room === 0 ? end : at + lengthMs)
  }
  const [fiveMinutes, tenMinutes] = [anywhere(5 * minuteMs), anywhere(10 * minuteMs)]
  const [hour, day] = [anywhere(60 * minuteMs), anywhere(dayMs)]
  const all = anywhere(days * dayMs)
  return [
    {
      name: 'top 10 hosts of 5 minutes',
      times: 40,
      path: (r) => `/api/top?by=host&limit=10&${fiveMinutes(r)}`,
    },
    {
      name: 'top 10 hosts of an hour',
      times: 20,
      path: (r) => `/api/top?by=host&limit=10&${hour(r)}`,
    },
    {
      name: 'top 10 hosts of a day',
      times: 5,
      path: (r) => `/api/top?by=host&limit=10&${day(r)}`,
    },
    {
      name: 'explain 10 minutes',
      times: 10,
      path: (r) => `/api/explain?${tenMinutes(r)}`,
    },
    {
      name: '10 minutes by seconds',
      times: 5,
      path: (r) => `/api/series?by=host,direction&step=1&${tenMinutes(r)}`,
    },
    {
      name: '24 h of dst port 443',
      times: 5,
      path: (r) => `/api/series?filter=dst+port+443&${day(r)}`,
    },
    {
      name: '24 h of dst port 22',
      times: 5,
      path: (r) => `/api/series?filter=dst+port+22&${day(r)}`,
    },
    {
      name: '24 h of dst port 443, by host',
      times: 5,
      path: (r) => `/api/series?by=host&filter=dst+port+443&${day(r)}`,
    },
    {
      name: 'a busy host, all days, series',
      times: 3,
      path: (r) => `/api/series?by=direction&filter=host+10.0.0.22&step=1800&${all(r)}`,
    },
    {
      name: 'a busy host, 24 h, its first 100 flows',
      times: 5,
      path: (r) => `/api/flows?filter=host+10.0.0.22&limit=100&${day(r)}`,
    },
    {
      name: 'a busy host, all days, its peers',
      times: 3,
      path: (r) => `/api/top?by=dst&filter=src+host+10.0.0.22&${all(r)}`,
    },
    {
      name: 'a rare host, all days, series',
      times: 3,
      path: (r) => `/api/series?by=direction&filter=host+10.0.30.7&step=1800&${all(r)}`,
    },
  ]
}

interface Pass {
  list: readonly Question[]
  isCold: boolean
  seed: number
}

/** Sends each query to a running API, one after the other. */
async function ask(url: string, pid: number, { list, isCold, seed }: Pass): Promise<Answered[]> {
  const random = seeded(seed)
  const answered: Answered[] = []
  for (const { name, times, path } of list) {
    const ms: number[] = []
    const answers = createHash('sha256')
    if (isCold) await writeFile('/proc/sys/vm/drop_caches', '3')
    const cpuBefore = await cpuMs(pid)
    for (let i = 0; i < times; i++) {
      const started = performance.now()
      const answer = await fetch(url + path(random))
      const text = await answer.text()
      if (!answer.ok) throw new Error(`${name}: ${text}`)
      ms.push(performance.now() - started)
      answers.update(text)
    }
    const cpu = ((await cpuMs(pid)) - cpuBefore) / times
    const firstMs = Math.round(ms[0]!)
    ms.sort((a, b) => a - b)
    const at = (share: number) => Math.round(ms[Math.ceil(share * ms.length) - 1]!)
    const [unreadMs, p50Ms, p95Ms] = [at(0.5), at(0.5), at(0.95)]
    const told = { name, firstMs, unreadMs, p50Ms, p95Ms, cpuMs: Math.round(cpu) }
    answered.push({ ...told, answers: answers.digest('hex').slice(0, 8) })
    console.log(answered.at(-1), 'load', loadavg()[0]!.toFixed(1), 'peak MiB', await peakMiB(pid))
  }
  return answered
}

/** User and system time of a process; Linux counts in hundredths of a second. */
async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

async function peakMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1024)
}

/** Sends all queries to the API on a data folder. */
export async function archiveSpeed(
  folder: string,
  { days, daysBefore, isCold = false }: { days: number; daysBefore: number; isCold?: boolean },
): Promise<{ answered: Answered[]; peakMiB: number }> {
  const port = 20_000 + Math.floor(Math.random() * 20_000)
  const url = `http://127.0.0.1:${port}`
  const environment = {
    ...process.env,
    WEIR_DATA: folder,
    WEIR_HTTP: `127.0.0.1:${port}`,
    WEIR_LOG: 'warn',
  }
  const api = spawn(process.execPath, [weir, 'api'], {
    env: environment,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  try {
    while (!(await fetch(`${url}/api/status`).catch(() => null))?.ok) await sleep(200)
    const list = questions(days, daysBefore)
    const first = await ask(url, api.pid!, { list, isCold, seed: 1 })
    const inUse = isCold ? first : await ask(url, api.pid!, { list, isCold, seed: 2 })
    const answered = inUse.map((each, i) => {
      const { firstMs, unreadMs } = first[i]!
      return { ...each, firstMs, unreadMs }
    })
    return { answered, peakMiB: await peakMiB(api.pid!) }
  } finally {
    api.kill('SIGTERM')
    await once(api, 'exit')
  }
}

if (import.meta.main) {
  const isCold = process.argv.includes('--cold')
  const given = process.argv.slice(2).filter((each) => each !== '--cold')
  const [folder = '', days = '3', daysBefore = '0', nfdumpFolder] = given
  const options = { days: Number(days), daysBefore: Number(daysBefore), isCold }
  console.log({ peakMiB: (await archiveSpeed(folder, options)).peakMiB })
  if (nfdumpFolder !== undefined) console.log(await nfdumpSpeed(nfdumpFolder))
}
