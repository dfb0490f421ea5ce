/**
 * The highest rate at which not one flow is lost, with everything on (journal, decode, buckets by all
 * measurements, live ring, archive), and beside it what other receivers reach; all on this machine, the
 * generator too. `node zero-loss.ts [--seconds 20] [--ramp 5] [--times 3] [--steps 5] [--versions v5,v9]
 * [--buffers 64MB,4MB] [--hosts 100000] [--exporters 1] [--least 100000] [--most 4000000] [--receivers 'weir;nfcapd, lz4']`.
 * It can be run in parts: a receiver's row of test/results/zero-loss.json takes the place of an earlier one.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'

import { attempt, isClean } from '../load/attempt.ts'
import type { LoadVersion } from '../load/datagrams.ts'
import { keptAll, type Peer } from '../load/peer.ts'
import {
  knownPeers,
  missingOf,
  receiveAndDecode,
  receiveLoop,
  receiveManyLoop,
} from '../load/peers.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    ramp: { type: 'string', default: '5' },
    times: { type: 'string', default: '3' },
    steps: { type: 'string', default: '5' },
    versions: { type: 'string', default: 'v5,v9' },
    buffers: { type: 'string', default: '64MB,4MB' },
    hosts: { type: 'string', default: '100000' },
    exporters: { type: 'string', default: '1' },
    least: { type: 'string', default: '100000' },
    most: { type: 'string', default: '4000000' },
    receivers: { type: 'string' },
  },
})
const [seconds, times, steps] = [values.seconds, values.times, values.steps].map(Number) as [number, number, number] // prettier-ignore
/** The most that a socket may ask for, and what it has where it asks for nothing, as goflow2's. */
const limitFiles = ['/proc/sys/net/core/rmem_max', '/proc/sys/net/core/rmem_default']
const megabyte = 1 << 20

interface Tried {
  isClean: boolean
  rate: number
  cpuSecondsPerMillion: number
  /** The same of what came after the ramp: without the start and the compiling of code. */
  steadySecondsPerMillion: number
  peakMiB: number
}
type Try = (rate: number) => Promise<Tried>

interface Row {
  receiver: string
  version: string
  buffer: string
  /** Flows a second, the middle of the times; 0 where not even the least was clean. */
  flowsPerSecond: number
  each: number[]
  cpuSecondsPerMillion: number | null
  steadySecondsPerMillion: number | null
  peakMiB: number | null
}

/** The highest clean rate by halving the range, in a logarithmic way, and what it took. */
async function highest(tryRate: Try): Promise<Tried | null> {
  let [low, high] = [Number(values.least), Number(values.most)]
  let best: Tried | null = null
  for (let step = 0; step < steps; step++) {
    const rate = Math.round(Math.sqrt(low * high))
    const tried = await tryRate(rate)
    console.log(
      `  ${rate.toLocaleString('en')}/s: ${tried.isClean ? 'clean' : 'loss'}, ${tried.cpuSecondsPerMillion.toFixed(2)} CPU-s per M flows, ${tried.steadySecondsPerMillion.toFixed(2)} after the ramp, ${tried.peakMiB} MiB`,
    )
    if (tried.isClean) {
      best = tried
      low = rate
    } else high = rate
  }
  return best
}

const median = (all: readonly number[]) => all.toSorted((a, b) => a - b)[all.length >> 1]!

const file = 'test/results/zero-loss.json'
const rows: Row[] = []
const isAsked = (receiver: string) =>
  values.receivers === undefined || values.receivers.split(';').includes(receiver)

async function search(receiver: string, version: string, buffer: string, tryRate: Try) {
  if (!isAsked(receiver)) return
  console.log(`${receiver}, ${version}, buffer ${buffer}`)
  const found: (Tried | null)[] = []
  for (let time = 0; time < times; time++) found.push(await highest(tryRate))
  const each = found.map((tried) => tried?.rate ?? 0)
  const flowsPerSecond = median(each)
  const tried = found.find((one) => one?.rate === flowsPerSecond) ?? null
  const {
    cpuSecondsPerMillion = null,
    steadySecondsPerMillion = null,
    peakMiB = null,
  } = tried ?? {}
  const used = { cpuSecondsPerMillion, steadySecondsPerMillion, peakMiB }
  rows.push({ receiver, version, buffer, flowsPerSecond, each, ...used })
}

/** Socket buffers above the kernel's limits need higher ones, which only root may set; they are set back. */
async function raiseLimits(bytes: number): Promise<() => Promise<void>> {
  if (process.getuid?.() !== 0) return async () => {}
  const before = await Promise.all(limitFiles.map((file) => readFile(file, 'utf8')))
  for (const [i, file] of limitFiles.entries())
    if (Number(before[i]) < bytes) await writeFile(file, String(bytes))
  return async () => {
    for (const [i, file] of limitFiles.entries()) await writeFile(file, before[i]!)
  }
}

const load = {
  rampSeconds: Number(values.ramp),
  hosts: Number(values.hosts),
  exporters: Number(values.exporters),
  flows: 491_520,
}
const peers: [name: string, peer: Peer][] = [
  ['receive loop', receiveLoop],
  ['receive loop of many', receiveManyLoop],
  ['receive and decode', receiveAndDecode],
]
for (const known of knownPeers) {
  const missing = missingOf(known)
  if (missing === null) peers.push([known.name, known.peer])
  else console.log(`${known.name}: ${missing} is missing (${known.install})`)
}

for (const buffer of values.buffers.split(',')) {
  const receiveBufferBytes = Number.parseInt(buffer, 10) * megabyte
  const restore = await raiseLimits(receiveBufferBytes)
  try {
    for (const version of values.versions.split(',') as LoadVersion[]) {
      await search('weir', version, buffer, async (rate) => {
        const asked = { ...load, version, rate, seconds, receiveBuffer: buffer, isFast: true }
        const made = await attempt(asked)
        return { ...made, isClean: isClean(made, rate) }
      })
      for (const [name, peer] of peers)
        await search(name, version, buffer, async (rate) => {
          const made = await peer({ ...load, version, rate, seconds, receiveBufferBytes })
          return { ...made, isClean: keptAll(made, rate) }
        })
    }
  } finally {
    await restore()
  }
}

const before = await readFile(file, 'utf8').then(
  (text) => (JSON.parse(text) as { rows: Row[] }).rows,
  () => [],
)
const isSame = (a: Row) => (b: Row) =>
  a.receiver === b.receiver && a.version === b.version && a.buffer === b.buffer
const all = [...before.filter((row) => !rows.some(isSame(row))), ...rows]
console.log(
  'receiver              version  buffer   M flows/s   × weir   CPU-s per M   after ramp   peak MiB',
)
for (const row of all) {
  const ours = all.find(isSame({ ...row, receiver: 'weir' }))
  const text = [
    row.receiver.padEnd(21),
    row.version.padEnd(8),
    row.buffer.padEnd(6),
    (row.flowsPerSecond / 1e6).toFixed(2).padStart(11),
    (ours ? (row.flowsPerSecond / ours.flowsPerSecond).toFixed(2) : '–').padStart(8),
    (row.cpuSecondsPerMillion?.toFixed(3) ?? '–').padStart(13),
    (row.steadySecondsPerMillion?.toFixed(3) ?? '–').padStart(12),
    String(row.peakMiB ?? '–').padStart(10),
  ]
  console.log(text.join(' '))
}
await mkdir('test/results', { recursive: true })
const written = { node: process.version, seconds, times, ...load, rows: all }
await writeFile(file, JSON.stringify(written, null, 2))
