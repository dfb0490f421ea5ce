/**
 * The API under many questions beside a collector under load, on one data folder: whether ingest loses a flow and how
 * late its loop is (of the thread that decodes) while 50 heavy queries are asked at once.
 *
 *     node test/bench/beside.ts FOLDER FROM TO [RATE] [SECONDS]
 *
 * FOLDER is a data folder with an archive (archive-data.ts); FROM and TO (unix seconds) bound its flows. What is sent is kept in it.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import type { IngestStatus } from '../../flow/status.ts'
import { manifestName, type ArchiveEntry } from '../../store/archive/entry.ts'
import { ManifestReader } from '../../store/manifest.ts'
import { openFastSender } from '../load/native-sender.ts'
import { RunningIngest } from '../processes.ts'
import { ask, percentile, startApi, type Answer } from './api-process.ts'

const delayProbe = new URL('loop-delay.ts', import.meta.url).href
const heavyAtOnce = 50
/** Each is about so much time: some hundred thousand flows where a day has ten million. */
const heavySeconds = 3600

function decodedOf({ exporters }: IngestStatus): number {
  return exporters.reduce((sum, each) => sum + each.flows, 0)
}

/** Flows in the files that the archive's manifest names. */
async function rowsKept(data: string): Promise<number> {
  const archive = new ManifestReader<ArchiveEntry>(join(data, 'archive', manifestName))
  return (await archive.entries()).reduce((sum, { rows }) => sum + rows, 0)
}

/** Of the threads that used most: seconds on a core, and seconds that they could have run and waited for one. */
async function threadsOf(pid: number) {
  const folder = `/proc/${pid}/task`
  const threads = await Promise.all(
    (await readdir(folder)).map(async (id) => {
      const [name, times] = await Promise.all(
        ['comm', 'schedstat'].map((file) => readFile(join(folder, id, file), 'utf8')),
      )
      const [ran, waited] = times!.split(' ').map((ns) => Math.round(Number(ns) / 1e7) / 100)
      return { name: name!.trim(), isMain: id === String(pid), ran: ran!, waited: waited! }
    }),
  )
  return threads.sort((a, b) => b.ran - a.ran).slice(0, 8)
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
  const decodedBefore = decodedOf(await ingest.status())
  const keptBefore = await rowsKept(data)
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
  // What came over the sockets last may still wait.
  const status = await ingest.until((each) => decodedOf(each) - decodedBefore === sent.flows, 10_000).catch(() => ingest.status()) // prettier-ignore
  const threads = await threadsOf(ingest.pid)
  // Published every 15 seconds: what is compared are files that anybody can read.
  const keptAll = async () => (await rowsKept(data)) - keptBefore
  for (let tries = 0; tries < 60 && (await keptAll()) < sent.flows; tries++) await sleep(1000)
  const kept = await keptAll()
  const stopped = await ingest.stop()
  const statuses = Object.groupBy(answers, ({ status: code }) => code)
  return {
    sent: sent.flows,
    rate: Math.round(sent.flows / sent.seconds),
    decoded: decodedOf(status) - decodedBefore,
    kept,
    stopped,
    kernelDrops: status.sockets.reduce((sum, each) => sum + (each.kernelDrops ?? 0), 0),
    overflowed: status.overflowed,
    threads,
    loopDelayMs: JSON.parse(await readFile(delayFile, 'utf8')) as Record<string, number>,
    answers: Object.fromEntries(Object.entries(statuses).map(([code, of]) => [code, of?.length])),
    medianMs: percentile(answers.map(({ ms }) => ms), 0.5), // prettier-ignore
  }
}

/** Fifty heavy questions at a time about [from, to) (unix seconds) of the archive in `data`, beside load that is kept in it. */
export async function besideQuestions(
  data: string,
  asked: Record<'from' | 'to' | 'rate' | 'seconds', number>,
): ReturnType<typeof underLoad> {
  // A running collector does not keep this process alive by itself.
  const alive = setInterval(() => {}, 1000)
  const api = await startApi(data)
  try {
    return await underLoad(api.url, data, asked)
  } finally {
    api.stop()
    clearInterval(alive)
  }
}

if (import.meta.main) {
  const [data, ...numbers] = process.argv.slice(2)
  if (data === undefined) throw new Error('name the data folder: beside.ts FOLDER FROM TO')
  const [from = 0, to = 0, rate = 200_000, seconds = 20] = numbers.map(Number)
  const results = await besideQuestions(data, { from, to, rate, seconds })
  process.stdout.write(`${JSON.stringify(results, null, 1)}\n`)
}
