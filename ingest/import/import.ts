/** Imports captures into the store as if they had been received at the time: completely, or not at all. */
import { join } from 'node:path'

import type { ExporterBreak } from '../../flow/incident/incident.ts'
import { intervalMs, intervalStart, type Tier } from '../../flow/interval.ts'
import { sendsFlows, type Settings } from '../../flow/settings/settings.ts'
import type { ExporterStatus, Lost } from '../../flow/status.ts'
import { Archive } from '../../store/archive/archive.ts'
import { openSeriesStore } from '../../store/open-series.ts'
import type { SeriesStore } from '../../store/series.ts'
import { CounterTracker } from '../counters/interface-counters.ts'
import { CoverageTracker } from '../coverage/coverage.ts'
import type { DecodingFault } from '../decode/decoder.ts'
import { readExporters } from '../status/kept-status.ts'
import { breaksBetween } from './between.ts'
import { announcedBefore, announcedName, announcedWith } from './announced.ts'
import { finishImport, finishStopped } from './finish-import.ts'
import type { Imported } from './imported.ts'
import { judgeNow } from '../incidents/judge-now.ts'
import { readNames } from '../../store/names/own-names.ts'
import { Pipeline } from '../pipeline.ts'
import { CaptureReader, firstPacketMs, inOrderOfTime, type CapturesRead } from './read-captures.ts'
import { hashCaptures, TakenBefore, type HashedCapture, type Taken } from './taken.ts'
import { keepExporters, shipFiles, tellOthers } from './tell.ts'
import { writeSeries } from './write-series.ts'

/** What a replay imported, as printed by `weir replay --json`; `problems` includes those of the exporters. */
export interface ImportSummary extends CapturesRead {
  flows: number
  packets: number
  bytes: number
  lost: Lost
  /** Datagrams that came a second time; each counts once. */
  duplicates: number
}

interface ImportOptions {
  settings: Settings
  /** Added to every time, ms: whole weeks. */
  shiftMs: number
  /** Called every 2,000 packets and at the end of a capture. */
  onProgress: (done: { path: string; packets: number }) => void
  /** See DecoderOptions. */
  onFault?: (fault: DecodingFault) => void
}

/**
 * The archive bundles the files of an hour anyway, and a capture has all flows of an hour at once,
 * so that no files of intervals are needed before, which take four times as long. Only ClickHouse
 * gets the files of intervals, as from ingest.
 */
const hourMs = 3_600_000
/** Flows and interfaces are closed as if this much time had passed since the last packet. */
const closingMs = 3_600_000

/**
 * Imports captures, in order of their first packets. The data folder must be locked.
 * @throws TakenBefore, NotACapture: then nothing is stored
 */
export async function importCaptures(
  paths: readonly string[],
  options: ImportOptions,
): Promise<ImportSummary> {
  const { settings } = options
  const fileMs = sendsFlows(settings) ? intervalMs : hourMs
  const archive = await Archive.open(join(settings.data, 'archive'), { fileMs })
  try {
    const taken = archive.value<Taken>('taken') ?? {}
    const hashed = await hashCaptures(paths, taken).catch(async (error: unknown) => {
      // Running it again is how one that was stopped is finished.
      if (error instanceof TakenBefore && (await finishStopped(settings, archive)))
        error.message += '; what was left to be made of it is made now'
      throw error
    })
    const note = (filled: ReadonlySet<string>) => noteTaken(taken, hashed, filled)
    const { found, exporters, flows, status } = await takeIn(paths, { ...options, archive, note })
    await shipFiles(settings, archive)
    await judgeNow(settings)
    await tellOthers(settings, status)
    if (!sendsFlows(settings)) while (await archive.bundle(Number.MAX_SAFE_INTEGER)) continue
    const sums = sumExporters(exporters)
    const problems = { ...sums.problems, ...found.problems }
    return { ...found, ...sums, problems, flows }
  } finally {
    await archive.close()
  }
}

interface TakeInOptions extends ImportOptions {
  archive: Archive
  /** Called with the captures that had a datagram; returns all imported so far. */
  note: (filled: ReadonlySet<string>) => Taken
}

/** Reads the captures into the archive, and makes their series. */
async function takeIn(paths: readonly string[], options: TakeInOptions) {
  const { settings, archive } = options
  // Coverage is stored with the series, so if their store cannot be opened, fail before changing
  // the archive.
  const store = await openSeriesStore(settings)
  try {
    await finishImport(settings, archive, store)
    const decoded = await decodeAll(paths, options)
    const exporters = await publish(decoded, store, options)
    const status = await keepExporters(settings.data, exporters)
    await archive.merge(Number.POSITIVE_INFINITY)
    const { coverage, counters, pipeline, reader } = decoded
    await writeSeries({ settings, archive, store, coverage, counters })
    return { found: reader.found, exporters, flows: pipeline.flows, status }
  } finally {
    await store.close()
  }
}

/** What was made of the captures. */
interface Decoded {
  coverage: CoverageTracker
  counters: CounterTracker
  pipeline: Pipeline
  reader: CaptureReader
}

/** Decodes like ingest, but without buckets: the series are made from the archive afterwards. */
async function decodeAll(paths: readonly string[], options: TakeInOptions): Promise<Decoded> {
  const { settings, archive, shiftMs, onFault } = options
  const names = await readNames(settings.names)
  const coverage = new CoverageTracker(Number.NEGATIVE_INFINITY)
  coverage.breaks.restore(archive.value<ExporterBreak[]>('breaks') ?? [])
  const counters = new CounterTracker(Number.POSITIVE_INFINITY)
  const rulesOf = (address: string) => names.rules(address)
  const { flowMaxMs } = settings
  const parts = { coverage, counters, archive, shiftMs, flowMaxMs, rulesOf }
  const pipeline = new Pipeline({ ...parts, ...(onFault && { onFault }) })
  const reader = new CaptureReader({ ...options, pipeline })
  const ordered = await inOrderOfTime(paths)
  const firstMs = ordered[0] === undefined ? 0 : await firstPacketMs(ordered[0])
  pipeline.restore({ decoder: announcedBefore(archive, firstMs) })
  for (const path of ordered) await reader.read(path)
  pipeline.drain()
  const { to } = reader.found
  if (to !== null) {
    const closedMs = to * 1000 + closingMs
    coverage.heartbeat(closedMs)
    pipeline.decoder.expire(closedMs - shiftMs)
  }
  return { coverage, counters, pipeline, reader }
}

/**
 * Publishes the flows, with all that cannot be made from them, in one transaction. Returns the exporters that sent
 * them.
 */
async function publish(
  { coverage, counters, pipeline, reader }: Decoded,
  store: SeriesStore,
  { settings, archive, note }: TakeInOptions,
): Promise<ExporterStatus[]> {
  const tier = settings.tiers[0]!
  for (const stored of await store.coverage({ tier, ...coverage.extent() })) coverage.add(stored)
  const exporters = sentIn(pipeline.exporters(), reader.found.from ?? 0)
  const breaks = await breaksBetween(coverage.breaks.list(), {
    before: await readExporters(settings.data),
    sent: exporters,
    isElsewhere: (between) => isElsewhere(store, tier, between),
  })
  const announced = announcedWith(archive, pipeline.decoder.snapshot())
  const set = { taken: note(reader.filled), breaks, [announcedName]: announced }
  const redo = [...pipeline.touched(), ...coverage.intervals()]
  const imported: Imported = {
    coverage: coverage.snapshot(),
    counters: counters.snapshot(),
    exporters,
  }
  await archive.publish({ redo, set: { ...set, ...(redo.length > 0 && { imported }) } })
  return exporters
}

/** Whether another collector of a cluster received an exporter within a time. */
async function isElsewhere(
  { others }: SeriesStore,
  tier: Tier,
  { exporter, from, to }: ExporterBreak,
): Promise<boolean> {
  if (!others) return false
  for await (const { coverage } of others.steps({ tier, from: intervalStart(from), to, exporter }))
    if (coverage.datagrams > 0) return true
  return false
}

/** The exporters that sent anything since `from` (unix seconds), as seen since then. */
function sentIn(exporters: readonly ExporterStatus[], from: number): ExporterStatus[] {
  return exporters
    .filter(({ datagrams }) => datagrams > 0)
    .map((exporter) => ({ ...exporter, firstSeen: Math.max(exporter.firstSeen, from) }))
}

function noteTaken(
  taken: Taken,
  hashed: readonly HashedCapture[],
  filled: ReadonlySet<string>,
): Taken {
  const when = new Date().toISOString()
  for (const { path, hash, bytes } of hashed)
    taken[hash] = filled.has(path) ? { when, bytes } : when
  return taken
}

function sumExporters(
  exporters: readonly ExporterStatus[],
): Pick<ImportSummary, 'packets' | 'bytes' | 'lost' | 'duplicates' | 'problems'> {
  const problems = new Map<string, number>()
  const lost: Lost = { datagrams: 0, flows: 0, flowsEstimated: false }
  let packets = 0
  let bytes = 0
  let duplicates = 0
  for (const exporter of exporters) {
    packets += exporter.packets
    bytes += exporter.bytes
    duplicates += exporter.duplicates
    lost.datagrams += exporter.lost.datagrams
    lost.flows += exporter.lost.flows
    lost.flowsEstimated ||= exporter.lost.flowsEstimated
    for (const [kind, count] of Object.entries(exporter.problems))
      problems.set(kind, (problems.get(kind) ?? 0) + count)
  }
  return { packets, bytes, lost, duplicates, problems: Object.fromEntries(problems) }
}
