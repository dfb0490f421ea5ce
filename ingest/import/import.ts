/** Takes captures into the store as if they had been received then: all of it, or nothing. */
import { join } from 'node:path'

import type { ExporterBreak } from '../../flow/incident/incident.ts'
import { mergeExporters } from '../../flow/merge-exporters.ts'
import { sendsFlows, type Settings } from '../../flow/settings.ts'
import type { ExporterStatus, IngestStatus, Lost } from '../../flow/status.ts'
import { Archive } from '../../store/archive/archive.ts'
import { openSeriesStore } from '../../store/open-series.ts'
import { openExchange, openShipping } from '../../store/open.ts'
import { Fragments } from '../capture/fragments.ts'
import { readPacket, sourceText } from '../capture/packet.ts'
import { wholePackets } from '../capture/whole-packets.ts'
import { openConsolidator } from '../consolidate/consolidator.ts'
import { CoverageTracker } from '../coverage/coverage.ts'
import { CounterTracker } from '../counters/interface-counters.ts'
import { judgeNow } from '../incidents/judge-now.ts'
import { versionOf } from '../decode/datagram.ts'
import { readNames } from '../names.ts'
import { hashCaptures, type Taken } from './taken.ts'
import { Pipeline } from '../pipeline.ts'
import { SeriesWriter } from '../series/writer.ts'
import { archiveSeen } from '../shipping.ts'
import { followOffline } from '../trackers/offline.ts'
import { keepStatus, readExporters } from '../status/status.ts'

/** What a replay took in, as `weir replay --json` prints it. Times are unix seconds, null where nothing came. */
export interface ImportSummary {
  datagrams: number
  flows: number
  packets: number
  bytes: number
  lost: Lost
  /**
   * Those of the exporters, and of the captures: `capture-cut`, files that end within a packet, and
   * `datagram-cut`, datagrams of which only the beginning was captured; nothing is taken of those.
   */
  problems: Record<string, number>
  /** UDP datagrams of no known version, and packets that are none. */
  ignored: number
  from: number | null
  to: number | null
}

export interface ImportOptions {
  settings: Settings
  /** Added to every time (whole weeks), unix ms. */
  shiftMs: number
  /** Told now and then how many bytes of packets have been read. */
  onProgress: (done: { path: string; packets: number }) => void
}

/** Rows that gather before they are written to a file that is not yet published. */
const stageRows = 2_000_000
const progressEveryPackets = 2000
/** Captures close what they began, as if an hour had passed after them. */
const closingMs = 3_600_000

/**
 * Takes captures in, the one that begins first before the others. The data folder must be locked.
 * @throws TakenBefore, NotACapture: nothing is stored then
 */
export async function importCaptures(
  paths: readonly string[],
  options: ImportOptions,
): Promise<ImportSummary> {
  const { settings, shiftMs } = options
  const names = await readNames(settings.names)
  const rulesOf = (address: string) => names.rules(address)
  const archive = await Archive.open(join(settings.data, 'archive'))
  try {
    const taken = archive.value<Taken>('taken') ?? {}
    const hashed = await hashCaptures(paths, taken)
    const coverage = new CoverageTracker(Number.NEGATIVE_INFINITY)
    coverage.breaks.restore(archive.value<ExporterBreak[]>('breaks') ?? [])
    const counters = new CounterTracker(Number.POSITIVE_INFINITY)
    const { flowMaxMs } = settings
    const pipeline = new Pipeline({ coverage, counters, archive, shiftMs, flowMaxMs, rulesOf })
    const filled = new Set<string>()
    const summary = await readAll(await inOrderOfTime(paths), {
      ...options,
      archive,
      pipeline,
      filled,
    })
    pipeline.drain()
    if (summary.to !== null) {
      const closedMs = summary.to * 1000 + closingMs
      coverage.heartbeat(closedMs)
      pipeline.decoder.expire(closedMs - shiftMs)
    }
    const when = new Date().toISOString()
    for (const { path, hash, bytes } of hashed)
      taken[hash] = filled.has(path) ? { when, bytes } : when
    const touched = pipeline.touched()
    await archive.publish({ redo: touched, set: { taken, breaks: coverage.breaks.list() } })
    await archive.merge(Number.POSITIVE_INFINITY)
    await writeSeries({ settings, archive, coverage, counters })
    await ship(settings, archive)
    await judgeNow(settings, touched)
    const exporters = pipeline.exporters()
    const status = await keepExporters(settings.data, exporters)
    await tell(settings, status)
    if (!sendsFlows(settings)) while (await archive.bundle(Number.MAX_SAFE_INTEGER)) continue
    const sums = sumExporters(exporters)
    const problems = { ...sums.problems, ...summary.problems }
    return { ...summary, ...sums, problems, flows: pipeline.flows }
  } finally {
    await archive.close()
  }
}

/** Rotated captures come in any order (10 before 2), and an exporter's numbers that go back would be a restart. */
async function inOrderOfTime(paths: readonly string[]): Promise<string[]> {
  const begun = new Map<string, number>()
  for (const path of paths) begun.set(path, await firstPacketMs(path))
  return [...paths].sort((a, b) => begun.get(a)! - begun.get(b)!)
}

/** 0 where there is none. */
async function firstPacketMs(path: string): Promise<number> {
  for await (const { timeMs } of wholePackets(path, () => undefined)) return timeMs
  return 0
}

type Read = Pick<ImportSummary, 'datagrams' | 'ignored' | 'problems' | 'from' | 'to'>

async function readAll(
  paths: readonly string[],
  {
    archive,
    pipeline,
    filled,
    shiftMs,
    onProgress,
  }: ImportOptions & { archive: Archive; pipeline: Pipeline; filled: Set<string> },
): Promise<Read> {
  const read: Read = { datagrams: 0, ignored: 0, problems: {}, from: null, to: null }
  const problem = (kind: 'capture-cut' | 'datagram-cut') => {
    read.problems[kind] = (read.problems[kind] ?? 0) + 1
  }
  let staged = 0
  for (const path of paths) {
    const fragments = new Fragments()
    let packets = 0
    for await (const packet of wholePackets(path, () => problem('capture-cut'))) {
      if (++packets % progressEveryPackets === 0) onProgress({ path, packets })
      const datagram = readPacket(packet.bytes, packet.linkType, fragments)
      if (!datagram || versionOf(datagram.payload) === null) {
        read.ignored++
        continue
      }
      if (datagram.isCut) {
        problem('datagram-cut')
        continue
      }
      read.datagrams++
      filled.add(path)
      const seconds = (packet.timeMs + shiftMs) / 1000
      read.from = Math.min(read.from ?? seconds, seconds)
      read.to = Math.max(read.to ?? seconds, seconds)
      pipeline.take({
        payload: datagram.payload,
        source: sourceText(datagram),
        sourcePort: datagram.sourcePort,
        receivedMs: packet.timeMs,
      })
      if (pipeline.flows - staged > stageRows) {
        staged = pipeline.flows
        await archive.stage()
      }
    }
    read.ignored -= fragments.saved
    onProgress({ path, packets })
  }
  return read
}

/** Makes the series of all intervals on the redo list, and their tiers. */
export async function writeSeries({
  settings,
  archive,
  coverage,
  counters = new CounterTracker(),
}: {
  settings: Settings
  archive: Archive
  coverage: CoverageTracker
  counters?: CounterTracker
}): Promise<number> {
  const store = await openSeriesStore(settings)
  try {
    const { local, top, flowMaxMs } = settings
    const tier = settings.tiers[0]!
    const trackers = await followOffline(settings, archive, Date.now())
    const parts = { archive, store, coverage, counters, tier, local, top, flowMaxMs, trackers }
    const writer = new SeriesWriter(parts)
    const consolidator = await openConsolidator(settings, store)
    const intervals = new Set(archive.redo())
    for (const { changed } of [coverage, counters])
      for (const interval of changed.take().keys()) intervals.add(interval)
    const written = async (batch: readonly number[]) => {
      await consolidator.intervalsWritten(batch)
      await archive.clearRedo(batch)
    }
    await writer.redo([...intervals], { written })
    await consolidator.run(Date.now(), { isComplete: true })
    await consolidator.close()
    await store.settled?.()
    return intervals.size
  } finally {
    await store.close()
  }
}

/** Sends the archive's files where flows are kept on another machine too. */
async function ship(settings: Settings, archive: Archive): Promise<void> {
  const shipping = await openShipping(settings)
  if (!shipping) return
  try {
    shipping.look(archiveSeen(archive, Number.MAX_SAFE_INTEGER))
    await shipping.settled()
  } finally {
    await shipping.close()
  }
}

/** Says to the other collectors of a cluster, and to APIs elsewhere, who sent. */
async function tell(settings: Settings, status: IngestStatus): Promise<void> {
  const exchange = await openExchange(settings)
  await exchange?.close(null, async () => status)
}

async function keepExporters(
  data: string,
  exporters: readonly ExporterStatus[],
): Promise<IngestStatus> {
  const merged = mergeExporters(await readExporters(data), exporters)
  const status: IngestStatus = {
    running: false,
    startedAt: 0,
    exporters: merged,
    refused: [],
    refusedDatagrams: 0,
    sockets: [],
    journal: null,
    flows: 0,
    flowsTooLate: 0,
    publishedAt: null,
    seriesWrittenAt: null,
    redo: 0,
    memoryBytes: 0,
    warnings: [],
  }
  await keepStatus(data, status)
  return status
}

function sumExporters(
  exporters: readonly ExporterStatus[],
): Pick<ImportSummary, 'packets' | 'bytes' | 'lost' | 'problems'> {
  const problems = new Map<string, number>()
  const lost: Lost = { datagrams: 0, flows: 0, flowsEstimated: false }
  let packets = 0
  let bytes = 0
  for (const exporter of exporters) {
    packets += exporter.packets
    bytes += exporter.bytes
    lost.datagrams += exporter.lost.datagrams
    lost.flows += exporter.lost.flows
    lost.flowsEstimated ||= exporter.lost.flowsEstimated
    for (const [kind, count] of Object.entries(exporter.problems))
      problems.set(kind, (problems.get(kind) ?? 0) + count)
  }
  return { packets, bytes, lost, problems: Object.fromEntries(problems) }
}

/** When the last packet of captures was taken, unix ms: what `--shift recent` counts from. */
export async function lastPacketMs(paths: readonly string[]): Promise<number> {
  let last = 0
  for (const path of paths)
    for await (const packet of wholePackets(path, () => undefined))
      last = Math.max(last, packet.timeMs)
  return last
}
