/**
 * The API under many queries beside a collector under load, on one data folder: whether ingest
 * loses a flow, and how late the event loop of its decoding thread is, while 50 heavy queries run
 * at once.
 *
 *     node test/bench/beside.ts FOLDER FROM TO [RATE] [SECONDS]
 *
 * FOLDER is a data folder with an archive (archive-data.ts); FROM and TO (unix seconds) bound its
 * flows. The flows sent are stored in it.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import type { IngestStatus } from '../../flow/status.ts'
import { manifestName, type ArchiveEntry } from '../../store/archive/entry.ts'
import { ManifestReader } from '../../store/manifest/reader.ts'
import { openFastSender } from '../load/native-sender.ts'
import { RunningIngest } from '../processes.ts'
import { ask, percentile, startApi, type Answer } from './api-process.ts'

const delayProbe = new URL('loop-delay.ts', import.meta.url).href
const heavyAtOnce = 50
/** The window of each query: some hundred thousand flows if a day has ten million. */
const heavySeconds = 3600

function decodedOf({ exporters }: IngestStatus): number {
  return exporters.reduce((sum, each) => sum + each.flows, 0)
}

/** Flows in the files that the archive's manifest names. */
async function rowsKept(data: string): Promise<number> {
  const archive = new ManifestReader<ArchiveEntry>(join(data, 'archive', manifestName))
  return (await archive.entries()).reduce((sum, { rows }) => sum + rows, 0)
}

/** The threads that used most: seconds on a core, and seconds runnable but waiting for one. */
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

/** Fifty different heavy queries at a time, over and over while the load lasts. */
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
  // The last datagrams from the sockets may still be queued.
  const status = await ingest.until((each) => decodedOf(each) - decodedBefore === sent.flows, 10_000).catch(() => ingest.status()) // prettier-ignore
  const threads = await threadsOf(ingest.pid)
  // Published every 15 seconds: the comparison uses files that anybody can read.
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

/**
 * Fifty heavy queries at a time about [from, to) (unix seconds) of the archive in `data`, beside
 * load that is stored in it.
 */
export async function besideQuestions(
  data: string,
  asked: Record<'from' | 'to' | 'rate' | 'seconds', number>,
): ReturnType<typeof underLoad> {
  // A running collector alone does not keep this process alive.
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
