/**
 * The highest rate at which not one flow is lost, with everything on (journal, decode, buckets by
 * all measurements, live ring, archive), for as long as the load lasts, and the highest at which
 * all work is done about when the last datagram has come, so that it could be held for ever; beside
 * them the rates of other receivers, all on this machine, including the generator. `node
 * zero-loss.ts [--seconds 20] [--ramp 5] [--times 3] [--steps 5] [--versions v5,v9] [--buffers
 * 64MB,4MB] [--hosts 100000] [--exporters 1] [--least 100000] [--most 4000000] [--receivers
 * 'weir;nfcapd, lz4']`. It can be run in parts: a receiver's row in test/results/zero-loss.json
 * replaces an earlier one.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'

import { attempt, isClean } from '../load/attempt.ts'
import type { LoadVersion } from '../load/datagrams.ts'
import { keptAll, wasInTime, type Peer } from '../load/peer.ts'
import {
  knownPeers,
  missingOf,
  receiveAndDecode,
  receiveLoop,
  receiveManyLoop,
} from '../load/peers.ts'
import { raiseReceiveBuffers } from '../setup/receive-buffers.ts'
import { median } from './figure.ts'

const megabyte = 1 << 20
const file = 'test/results/zero-loss.json'

export interface ZeroLossOptions {
  /** How long the load lasts after the ramp. */
  seconds: number
  rampSeconds: number
  /**
   * Number of searches, of which the median counts, and how often each halves its range of flows
   * per second.
   */
  times: number
  steps: number
  least: number
  most: number
  versions: readonly LoadVersion[]
  /** Sizes of the socket's buffer, as in `WEIR_RECEIVE_BUFFER`. */
  buffers: readonly string[]
  hosts: number
  exporters: number
  /** Names of the receivers to measure; default: all that are installed. */
  receivers?: readonly string[] | undefined
}

interface Tried {
  isClean: boolean
  isInTime: boolean
  drainSeconds: number
  rate: number
  cpuSecondsPerMillion: number
  /** The same after the ramp: without the start and compiling. */
  steadySecondsPerMillion: number
  peakMiB: number
}
type Try = (rate: number) => Promise<Tried>

export interface ZeroLoss {
  receiver: string
  version: string
  buffer: string
  /** The median; 0 if not even the least rate was clean. */
  flowsPerSecond: number
  each: number[]
  /** The same for work done about when the last datagram had come. */
  inTimePerSecond: number
  cpuSecondsPerMillion: number | null
  steadySecondsPerMillion: number | null
  peakMiB: number | null
}

/** Searches the highest rate of each installed receiver, for each version and buffer. */
export async function zeroLoss(asked: ZeroLossOptions): Promise<ZeroLoss[]> {
  const rows: ZeroLoss[] = []
  const { hosts, exporters, seconds, rampSeconds } = asked
  const load = { rampSeconds, hosts, exporters, seconds, flows: 491_520 }
  for (const buffer of asked.buffers) {
    const receiveBufferBytes = Number.parseInt(buffer, 10) * megabyte
    const restore = raiseReceiveBuffers(receiveBufferBytes)
    try {
      for (const version of asked.versions)
        for (const [receiver, attemptAt] of receiversOf(asked)) {
          console.log(`${receiver}, ${version}, buffer ${buffer}`)
          const tryRate = (rate: number) =>
            attemptAt({ ...load, version, rate }, { buffer, receiveBufferBytes })
          rows.push({ receiver, version, buffer, ...(await search(tryRate, asked)) })
        }
    } finally {
      restore()
    }
  }
  return rows
}

type Load = Omit<Parameters<Peer>[0], 'receiveBufferBytes'>
type AttemptAt = (
  load: Load,
  room: { buffer: string; receiveBufferBytes: number },
) => Promise<Tried>

const weir: AttemptAt = async (load, { buffer: receiveBuffer }) => {
  const made = await attempt({ ...load, receiveBuffer, isFast: true })
  return { ...made, isClean: isClean(made, load.rate), isInTime: wasInTime(made) }
}

const peerAttempt =
  (peer: Peer): AttemptAt =>
  async (load, { receiveBufferBytes }) => {
    const made = await peer({ ...load, receiveBufferBytes })
    return { ...made, isClean: keptAll(made, load.rate), isInTime: wasInTime(made) }
  }

/** Those asked for and installed. */
function receiversOf({ receivers }: ZeroLossOptions): [name: string, attemptAt: AttemptAt][] {
  const isAsked = (name: string) => receivers === undefined || receivers.includes(name)
  const own: [string, AttemptAt][] = [
    ['weir', weir],
    ['receive loop', peerAttempt(receiveLoop)],
    ['receive loop of many', peerAttempt(receiveManyLoop)],
    ['receive and decode', peerAttempt(receiveAndDecode)],
  ]
  const others = knownPeers.flatMap((known): [string, AttemptAt][] => {
    const { name, install, peer } = known
    const missing = isAsked(name) ? missingOf(known) : null
    if (missing === null) return [[name, peerAttempt(peer)]]
    console.log(`${name}: ${missing} is missing (${install})`)
    return []
  })
  return [...own, ...others].filter(([name]) => isAsked(name))
}

/** The median rate of several searches. */
async function search(
  tryRate: Try,
  asked: ZeroLossOptions,
): Promise<Omit<ZeroLoss, 'receiver' | 'version' | 'buffer'>> {
  const found: (Tried | null)[] = []
  const inTime: number[] = []
  for (let time = 0; time < asked.times; time++) {
    const kept = await highest(tryRate, asked)
    found.push(kept)
    const isDone = kept === null || kept.isInTime
    const done = isDone ? kept : await highest(tryRate, { ...asked, most: kept.rate, inTime: true })
    inTime.push(done?.rate ?? 0)
  }
  const each = found.map((tried) => tried?.rate ?? 0)
  const flowsPerSecond = median(each)
  const {
    cpuSecondsPerMillion = null,
    steadySecondsPerMillion = null,
    peakMiB = null,
  } = found.find((tried) => tried?.rate === flowsPerSecond) ?? {}
  const inTimePerSecond = median(inTime)
  return { flowsPerSecond, each, inTimePerSecond, cpuSecondsPerMillion, steadySecondsPerMillion, peakMiB } // prettier-ignore
}

/** The highest clean rate (in time, if asked) by bisecting the range logarithmically, and its cost. */
async function highest(
  tryRate: Try,
  {
    least,
    most,
    steps,
    inTime = false,
  }: Pick<ZeroLossOptions, 'least' | 'most' | 'steps'> & { inTime?: boolean },
): Promise<Tried | null> {
  let [low, high] = [least, most]
  let best: Tried | null = null
  for (let step = 0; step < steps; step++) {
    const rate = Math.round(Math.sqrt(low * high))
    const tried = await tryRate(rate)
    console.log(
      `  ${rate.toLocaleString('en')}/s: ${tried.isClean ? 'clean' : 'lost'}, ${tried.cpuSecondsPerMillion.toFixed(2)} CPU-s per M flows, ${tried.steadySecondsPerMillion.toFixed(2)} after the ramp, ${tried.peakMiB} MiB, done after ${tried.drainSeconds.toFixed(1)} s`,
    )
    if (tried.isClean && (tried.isInTime || !inTime)) {
      best = tried
      low = rate
    } else high = rate
  }
  return best
}

/** The rows, and those of an earlier run that have no new one. */
async function withEarlier(rows: readonly ZeroLoss[]): Promise<ZeroLoss[]> {
  const before = await readFile(file, 'utf8').then(
    (text) => (JSON.parse(text) as { rows: ZeroLoss[] }).rows,
    () => [],
  )
  return [...before.filter((row) => !rows.some(isSame(row))), ...rows]
}

const isSame = (a: ZeroLoss) => (b: ZeroLoss) =>
  a.receiver === b.receiver && a.version === b.version && a.buffer === b.buffer

function linesOf(rows: readonly ZeroLoss[]): string[] {
  const lines = rows.map((row) => {
    const ours = rows.find(isSame({ ...row, receiver: 'weir' }))
    return [
      row.receiver.padEnd(21),
      row.version.padEnd(8),
      row.buffer.padEnd(6),
      (row.flowsPerSecond / 1e6).toFixed(2).padStart(11),
      (ours ? (row.flowsPerSecond / ours.flowsPerSecond).toFixed(2) : '–').padStart(8),
      (row.inTimePerSecond / 1e6).toFixed(2).padStart(8),
      (row.cpuSecondsPerMillion?.toFixed(3) ?? '–').padStart(13),
      (row.steadySecondsPerMillion?.toFixed(3) ?? '–').padStart(12),
      String(row.peakMiB ?? '–').padStart(10),
    ].join(' ')
  })
  return [
    'receiver              version  buffer   M flows/s   × weir  in time   CPU-s per M   after ramp   peak MiB',
    ...lines,
  ]
}

if (import.meta.main) {
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
  const { seconds, ramp, times, steps, hosts, exporters, least, most } = values
  const asked: ZeroLossOptions = {
    seconds: Number(seconds),
    rampSeconds: Number(ramp),
    times: Number(times),
    steps: Number(steps),
    hosts: Number(hosts),
    exporters: Number(exporters),
    least: Number(least),
    most: Number(most),
    versions: values.versions.split(',') as LoadVersion[],
    buffers: values.buffers.split(','),
    receivers: values.receivers?.split(';'),
  }
  const rows = await withEarlier(await zeroLoss(asked))
  console.log(linesOf(rows).join('\n'))
  await mkdir('test/results', { recursive: true })
  await writeFile(file, JSON.stringify({ node: process.version, ...asked, rows }, null, 2))
}
