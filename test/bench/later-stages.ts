/**
 * The stages after a flow was counted and written: sorting the archive's files, and building and
 * writing the series of an interval. `node later-stages.ts [HOSTS] [FLOWS]` prints JSON.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { clearFlowColumns, createFlowColumns } from '../../flow/columns.ts'
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import { Buckets } from '../../ingest/buckets/buckets.ts'
import { CoverageTracker } from '../../ingest/coverage/coverage.ts'
import { Decoder } from '../../ingest/decode/decoder.ts'
import { decoderRowsMax } from '../../ingest/decode/limits.ts'
import { SeriesWriter } from '../../ingest/series/writer.ts'
import { Archive } from '../../store/archive/archive.ts'
import { openParquetSeries } from '../../store/parquet/series.ts'
import { encodeFlows, sequenceStep, setHeader } from '../load/datagrams.ts'
import { makeFlows } from '../load/flows.ts'
import { readSettings } from '../settings.ts'

export interface LaterStages {
  /** CPU-seconds per million flows: read, sorted, packed, written, read back. */
  sort: number
  /** CPU-seconds for an interval with this many hosts: building its rows, and writing them. */
  consolidate: number
}

const blockRows = 16_384
const exporter = '127.0.0.1'

async function measureLater(hosts: number, count: number): Promise<LaterStages> {
  const settings = readSettings({})
  const { local, top, flowMaxMs, tiers } = settings
  const folder = await mkdtemp(join(tmpdir(), 'weir-later-'))
  const archive = await Archive.open(join(folder, 'archive'))
  const store = await openParquetSeries(join(folder, 'series'))
  const nowMs = intervalStart(Date.now()) + intervalMs - 1000
  const buckets = new Buckets({ local, flowMaxMs, wholeFrom: Number.NEGATIVE_INFINITY })
  const flows = createFlowColumns(blockRows + decoderRowsMax)
  const decoder = new Decoder(flows)
  const datagrams = encodeFlows(makeFlows(Math.max(count, hosts), hosts, 1), 'v5', { nowMs, exporters: 1 }) // prettier-ignore
  let [sequence, taken] = [0, 0]
  const drain = () => {
    taken += flows.count
    buckets.add(flows)
    archive.add(flows)
    clearFlowColumns(flows)
  }
  for (const payload of datagrams.payloads) {
    setHeader(datagrams, payload, { sequence, nowMs, elapsedMs: 0 })
    sequence += sequenceStep('v5')
    decoder.decode({ payload, source: exporter, sourcePort: 9, receivedMs: nowMs })
    if (flows.count > blockRows) drain()
  }
  drain()
  await archive.publish({})
  const sort = await cpuSeconds(() => archive.merge(Number.POSITIVE_INFINITY))
  const writer = new SeriesWriter({ archive, store, coverage: new CoverageTracker(nowMs), tier: tiers[0]!, local, top, flowMaxMs }) // prettier-ignore
  const consolidate = await cpuSeconds(() =>
    writer.write(writer.stepsOf(buckets, intervalStart(nowMs), { exporters: [exporter] })),
  )
  await archive.close()
  await store.close()
  await rm(folder, { recursive: true })
  return { sort: (sort * 1e6) / taken, consolidate }
}

/** Of this process with all its threads. */
async function cpuSeconds(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

if (import.meta.main) {
  const [hosts = '100000', flows = '1000000'] = process.argv.slice(2)
  console.log(JSON.stringify(await measureLater(Number(hosts), Number(flows))))
}
