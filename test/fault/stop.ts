/**
 * A collector that is stopped or killed while intervals wait to be sorted and their series to be
 * built. Every flow is numbered, so that a test can tell whether it is stored once.
 */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { createFlowColumns } from '../../flow/columns.ts'
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import { Archive } from '../../store/archive/archive.ts'
import { RunningIngest, scratchFolder } from '../processes.ts'
import { archiveSums, forEachFlow, seriesSums } from '../stored.ts'
import { NumberedExporter, octetsOf } from './numbered-exporter.ts'

/** The stop timeout of an impatient process manager. */
const shortGraceMs = 1000
const blockRows = 16_384
const ipv4Marker = 0xffff
/** The exporter of the flows that were in the archive before. */
const earlierExporter = 0xc0000209
const sender = '127.0.0.1'
const waitMsMax = 120_000

interface StopOptions {
  /** Flows stored unsorted in the archive, in this many closed intervals without series. */
  earlier: number
  intervals: number
  /** Flows received, at a rate, before the first stop. */
  live: number
  flowsPerSecond: number
  /** A stop must take less than this, after which it would be forced. */
  stopMsMax: number
}

interface StopSummary {
  flows: number
  /** How long each stop took that was not forced. */
  stopMs: number[]
}

/** Stops and kills while files are sorted, restarts, and asserts that each flow is stored once. */
export async function stopWhileSorting(options: StopOptions): Promise<StopSummary> {
  // A running collector alone does not keep this process alive.
  const alive = setInterval(() => {}, 1000)
  try {
    return await stopAndStart(options)
  } finally {
    clearInterval(alive)
  }
}

async function stopAndStart(options: StopOptions): Promise<StopSummary> {
  const data = await scratchFolder()
  const stopMs: number[] = []
  // Flows received but not published when it is killed are in the journal.
  let ingest = await RunningIngest.start(data, { WEIR_RECEIVE_BUFFER: '64MB' })
  const exporter = new NumberedExporter(() => ingest.port, options.flowsPerSecond, sender)
  while (exporter.flows < options.live) await sleep(20)
  await exporter.end()
  await ingest.until(({ flows }) => flows >= exporter.flows, waitMsMax)
  await ingest.stop('SIGKILL')
  await makeUnsorted(data, options)

  ingest = await startedAndSorting(data)
  const orderly = await ingest.stop()
  assert.equal(orderly.code, 0, 'it ends by itself')
  stopMs.push(orderly.ms)

  ingest = await startedAndSorting(data)
  const stopping = ingest.stop()
  const hasEnded = await Promise.race([stopping.then(() => true), sleep(shortGraceMs, false)])
  if (!hasEnded) process.kill(ingest.pid, 'SIGKILL')
  await stopping

  ingest = await startedAndSorting(data)
  await ingest.stop('SIGKILL')

  ingest = await RunningIngest.start(data)
  await ingest.until(({ redo, seriesWrittenAt }) => redo === 0 && seriesWrittenAt !== null, waitMsMax) // prettier-ignore
  const last = await ingest.stop()
  assert.equal(last.code, 0)
  stopMs.push(last.ms)
  for (const ms of stopMs) assert.ok(ms < options.stopMsMax, `a stop took ${Math.round(ms)} ms`)

  await assertStoredOnce(data, { earlier: options.earlier, live: exporter.flows })
  const { '5m': series, ...coarser } = await seriesSums(data)
  const archived = await archiveSums(data)
  assert.equal(archived.flows, options.earlier + exporter.flows)
  assert.equal(archived.bytes, exporter.bytes + bytesOfFirst(options.earlier))
  assert.deepEqual(series, archived, 'series and archive agree')
  for (const [tier, sums] of Object.entries(coarser)) assert.deepEqual(sums, archived, tier)
  return { flows: archived.flows, stopMs }
}

/** An archive as left by a collector that had no time to sort: chunks, and a list of intervals to rebuild. */
async function makeUnsorted(data: string, { earlier, intervals }: StopOptions): Promise<void> {
  const archive = await Archive.open(join(data, 'archive'))
  const columns = createFlowColumns(blockRows)
  const first = intervalStart(Date.now()) - intervals * intervalMs
  const redo = new Set<number>()
  for (let id = 0; id < earlier;) {
    columns.count = Math.min(blockRows, earlier - id)
    for (let i = 0; i < columns.count; i++, id++) {
      const at = first + Math.floor((id * intervals) / earlier) * intervalMs + (id % 200_000)
      redo.add(intervalStart(at))
      columns.collectionTimeMilliseconds[i] = at + 2000
      columns.flowStartMilliseconds[i] = at
      columns.flowEndMilliseconds[i] = at + 1000
      columns.octetDeltaCount[i] = octetsOf(id)
      columns.packetDeltaCount[i] = id + 1
      columns.samplingInterval[i] = 1
      columns.protocolIdentifier[i] = 17
      columns.destinationTransportPort[i] = 53
      columns.exporterAddressLow.set([earlierExporter, ipv4Marker], 2 * i)
      columns.sourceAddressLow.set([0x0a000000 + ((id * 7919) % 3000), ipv4Marker], 2 * i)
      columns.destinationAddressLow.set([0xcb007100 + (id % 200), ipv4Marker], 2 * i)
    }
    archive.add(columns)
    if (archive.isCrowded) await archive.stage()
  }
  await archive.publish({ redo: [...redo] })
  await archive.close()
}

/** A collector that is sorting files: one is being written, or just was, and the next is begun. */
async function startedAndSorting(data: string): Promise<RunningIngest> {
  const ingest = await RunningIngest.start(data)
  // Rebuilding comes first; after that only sorted files are written there.
  await ingest.until(({ redo }) => redo === 0, waitMsMax)
  const until = performance.now() + waitMsMax
  const files = () => readdir(join(data, 'archive'), { recursive: true })
  const isSorted = (name: string) => name.endsWith('.parquet') || name.endsWith('.part')
  const before = new Set(await files())
  while (!(await files()).some((name) => isSorted(name) && !before.has(name))) {
    assert.ok(performance.now() < until, 'nothing was sorted')
    await sleep(5)
  }
  return ingest
}

/** Asserts that every flow of both kinds is stored once and unchanged. */
async function assertStoredOnce(
  data: string,
  { earlier, live }: { earlier: number; live: number },
): Promise<void> {
  const times = { earlier: new Uint8Array(earlier), live: new Uint8Array(live) }
  await forEachFlow(data, (flows) => {
    for (let i = 0; i < flows.count; i++) {
      const id = flows.packetDeltaCount[i]! - 1
      const isEarlier = flows.exporterAddressLow[2 * i] === earlierExporter
      assert.equal(flows.octetDeltaCount[i], octetsOf(id), `flow ${id} is stored as it was sent`)
      times[isEarlier ? 'earlier' : 'live'][id]!++
    }
  })
  for (const [which, stored] of Object.entries(times)) {
    const wrong = stored.reduce((sum, count) => sum + Number(count !== 1), 0)
    const lost = stored.reduce((sum, count) => sum + Number(count === 0), 0)
    assert.equal(wrong, 0, `of ${stored.length} ${which} flows ${lost} are lost, ${wrong - lost} are there more than once`) // prettier-ignore
  }
}

function bytesOfFirst(flows: number): number {
  let bytes = 0
  for (let id = 0; id < flows; id++) bytes += octetsOf(id)
  return bytes
}
