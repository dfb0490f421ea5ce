/**
 * Memory of ingest under load, second by second, over the end of an interval and after it: then it
 * counts the next interval beside the old one, sorts the old one's flows into files and judges
 * them. The clock is moved instead of waited for.
 *
 *     node test/bench/memory.ts [FLOWS-PER-SECOND] [HOSTS] [SECONDS]     default 100000 100000 110
 */
import { readFile, rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import { intervalMs } from '../../flow/interval.ts'
import type { IngestStatus } from '../../flow/status.ts'
import { openFastSender } from '../load/native-sender.ts'
import { peakMiBOf, treeOf, treeSecondsOf } from '../load/usage.ts'
import { laterClock } from '../later-clock.ts'
import { RunningIngest, scratchFolder } from '../processes.ts'

/** Resident memory, MiB. */
interface Resident {
  all: number
  /**
   * Of it, pages of program files, which are shared with other processes and which the kernel frees
   * when it needs memory.
   */
  files: number
  /** Private memory of the processes it started: freed when they end. */
  beside: number
}

export interface MemoryUse {
  sentFlows: number
  flows: number
  /** Datagrams that the kernel dropped, and rows and datagrams that ingest dropped. */
  dropped: number
  /** Before any flow came, and the peak of each second under load, as far as sampled. */
  idle: Resident
  perSecond: Resident[]
  /** The second (of perSecond) in which the interval ends; null if it does not. */
  endSecond: number | null
  /** The kernel's peak since the start. */
  peakMiB: number
  cpuSecondsPerMillion: number
}

interface MemoryLoad {
  rate: number
  hosts: number
  seconds: number
  /** Whether to time the load so that an interval ends within it. */
  crossesEnd?: boolean
}

/** The share of the load after the interval's end: sorting and judging happen in it. */
const afterEndShare = 0.6
/** Ingest has started and the flows are made within this time, also on a loaded machine. */
const readyMsMax = 30_000
/** Judging and sorting take turns; this share of the seconds has neither. */
const restingShare = 0.25
/** This long after its end an interval's memory is still in use. */
const restingAfterSeconds = 20
/** Ingest's timer fires at such times, whatever Date.now says. */
const wakeUpMs = 15_000
const rampSeconds = 5
const lookEveryMs = 250
/** Different flows, sent over and over; every host takes part in one. */
const flowsMax = 1_000_000
/**
 * The targets: up to this many hosts and flows per second, below this much; above that, the last
 * one.
 */
const bounds = [
  { hosts: 100_000, rate: 100_000, mebibytes: 300 },
  { hosts: Number.POSITIVE_INFINITY, rate: Number.POSITIVE_INFINITY, mebibytes: 1024 },
]

/** Measures; if `crossesEnd`, with a clock far enough ahead that an interval ends within the load. */
export async function memoryUnderLoad(load: MemoryLoad): Promise<MemoryUse> {
  const data = await scratchFolder()
  // A running collector alone does not keep this process alive.
  const alive = setInterval(() => {}, 1000)
  const beforeEndMs = load.seconds * (1 - afterEndShare) * 1000
  const aheadMs = load.crossesEnd ? await aheadOfEnd(readyMsMax + beforeEndMs) : 0
  const untilEndMs = () => intervalMs - ((Date.now() + aheadMs) % intervalMs)
  const clock = laterClock(aheadMs)
  const ingest = await RunningIngest.start(data, { WEIR_RECEIVE_BUFFER: '64MB', ...clock })
  try {
    const { rate, hosts, seconds } = load
    const flows = Math.max(hosts, Math.min(flowsMax, rate * seconds))
    const made = { rate, hosts, seconds, flows, exporters: 1, rampSeconds, aheadMs }
    const sender = await openFastSender({ ...made, version: 'v5', port: ingest.port })
    if (load.crossesEnd) await sleep(Math.max(0, untilEndMs() - beforeEndMs))
    const began = await treeSecondsOf(ingest.pid)
    const idle = await residentOf(ingest.pid)
    const perSecond: Resident[] = []
    const beganMs = performance.now()
    const look = async () => {
      const second = Math.floor((performance.now() - beganMs) / 1000)
      const seen = await residentOf(ingest.pid)
      const before = perSecond[second]
      if (!before || totalOf(seen) > totalOf(before)) perSecond[second] = seen
    }
    const looking = setInterval(() => void look(), lookEveryMs)
    const end = Math.floor(untilEndMs() / 1000)
    const sent = await sender.send().finally(() => clearInterval(looking))
    await sleep(3000)
    // On a loaded machine counting takes longer; what was dropped is never counted.
    const isCounted = (each: IngestStatus) => flowsOf(each) >= sent.flows
    const status = await ingest.until(isCounted).catch(() => ingest.status())
    const used = (await treeSecondsOf(ingest.pid)) - began
    const kernelDrops = status.sockets.reduce((sum, each) => sum + (each.kernelDrops ?? 0), 0)
    return {
      sentFlows: sent.flows,
      flows: flowsOf(status),
      dropped: kernelDrops + (status.overflowed ?? 0),
      idle,
      perSecond: perSecond.filter(Boolean),
      endSecond: end < perSecond.length ? end : null,
      peakMiB: Math.round(await peakMiBOf(ingest.pid)),
      cpuSecondsPerMillion: (used * 1e6) / sent.flows,
    }
  } finally {
    await ingest.stop()
    clearInterval(alive)
    await rm(data, { recursive: true, force: true, maxRetries: 5 })
  }
}

function flowsOf({ exporters }: IngestStatus): number {
  return exporters.reduce((sum, { flows }) => sum + flows, 0)
}

/**
 * How far ahead a clock must be for an interval to end about this long from now; waits for the
 * start of a wake-up, and returns whole ones.
 */
async function aheadOfEnd(beforeEndMs: number): Promise<number> {
  const wanted = (2 * intervalMs - beforeEndMs - (Date.now() % intervalMs)) % intervalMs
  await sleep(wanted % wakeUpMs)
  return wanted - (wanted % wakeUpMs)
}

async function residentOf(pid: number): Promise<Resident> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  const [, ...begun] = await treeOf(pid)
  const beside = await Promise.all(begun.map((each) => aloneOf(each)))
  return {
    all: mebibytesOf(status, ['VmRSS']),
    files: mebibytesOf(status, ['RssFile']),
    beside: beside.reduce((sum, each) => sum + each, 0),
  }
}

/** Memory freed when a process ends, MiB; 0 for one that has ended. */
async function aloneOf(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
  return mebibytesOf(rollup, ['Private_Clean', 'Private_Dirty'])
}

function mebibytesOf(text: string, names: readonly string[]): number {
  const of = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) / 1024
  return Math.round(names.reduce((sum, name) => sum + of(name), 0))
}

function totalOf({ all, beside }: Resident): number {
  return all + beside
}

/** The median of the seconds under load, after the ramp and before the interval's end. */
export function steadyOf({ perSecond, endSecond, idle }: MemoryUse): Resident {
  const steady = perSecond.slice(rampSeconds + 1, endSecond ?? perSecond.length)
  return steady.toSorted((a, b) => a.all - b.all)[steady.length >> 1] ?? idle
}

/**
 * After the interval's end, without sorting or judging: the lower quartile of the seconds; null if
 * the interval does not end.
 */
function restingOf({ perSecond, endSecond }: MemoryUse): Resident | null {
  if (endSecond === null) return null
  const after = perSecond.slice(endSecond + restingAfterSeconds)
  return after.toSorted((a, b) => a.all - b.all)[Math.floor(after.length * restingShare)] ?? null
}

/** The measurements as lines, beside their targets. */
export function memoryLines(use: MemoryUse, { rate, hosts }: MemoryLoad): string[] {
  const { mebibytes } = bounds.find((each) => hosts <= each.hosts && rate <= each.rate)!
  const end = use.endSecond ?? use.perSecond.length
  const middle = steadyOf(use)
  const most = (seconds: readonly Resident[]) =>
    seconds.reduce((greatest, each) => (each.all > greatest.all ? each : greatest), use.idle)
  const line = (what: string, { all, files }: Resident) =>
    `${what.padEnd(44)} ${String(all).padStart(5)} MiB, of it ${files} pages of program files`
  const lines = [
    `${rate.toLocaleString('en')} flows/s between ${hosts.toLocaleString('en')} hosts; asked is under ${mebibytes} MiB`,
    line('without traffic', use.idle),
    line('steady (the middle second of the load)', middle),
    line('most before the interval’s end', most(use.perSecond.slice(0, end))),
  ]
  if (use.endSecond !== null)
    lines.push(line('most over the interval’s end', most(use.perSecond.slice(end))))
  const resting = restingOf(use)
  if (resting) lines.push(line('after it, between sorting and judging', resting))
  const together = use.perSecond.reduce((most, each) => Math.max(most, totalOf(each)), 0)
  const isUnder = use.peakMiB < mebibytes
  lines.push(
    `at any instant ${use.peakMiB} MiB: ${isUnder ? 'under' : 'NOT under'} what is asked; steady ${middle.all < mebibytes ? 'under' : 'NOT under'}`,
    `with the processes that it begins, at most ${together} MiB`,
    `${use.flows.toLocaleString('en')} of ${use.sentFlows.toLocaleString('en')} flows counted, ${use.dropped} dropped; ${use.cpuSecondsPerMillion.toFixed(2)} CPU-s a million`,
  )
  return lines
}

if (process.argv[1] === import.meta.filename) {
  const [rate = 100_000, hosts = 100_000, seconds = 110] = process.argv.slice(2).map(Number)
  const load = { rate, hosts, seconds, crossesEnd: true }
  const use = await memoryUnderLoad(load)
  const perSecond = use.perSecond
    .map(({ all, beside }) => (beside > 0 ? `${all}+${beside}` : all))
    .join(' ')
  process.stdout.write([...memoryLines(use, load), `by second: ${perSecond}`, ''].join('\n'))
}
