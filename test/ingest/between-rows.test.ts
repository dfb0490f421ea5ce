/**
 * Flows that arrive while the rows of several intervals are built: counted at once, sealed with the rest, and written
 * once more.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'

import { pino } from 'pino'

import { NetworkSet } from '../../flow/address.ts'
import { intervalMs } from '../../flow/interval.ts'
import { readSettings } from '../../flow/settings.ts'
import { Buckets } from '../../ingest/buckets/buckets.ts'
import { Collector, type CollectorParts } from '../../ingest/collector.ts'
import { CoverageTracker } from '../../ingest/coverage/coverage.ts'
import { CounterTracker } from '../../ingest/counters/interface-counters.ts'
import { SeriesWriter } from '../../ingest/series/writer.ts'
import { Archive } from '../../store/archive/archive.ts'
import { openParquetSeries } from '../../store/parquet/series.ts'
import { columnsOf, scratchFolder, t0, testFlow } from '../store/archive/archived.ts'

const minute = 60_000
/** Both intervals ended long ago: at the end of each tick only unwritten data keeps them. */
const now = t0 + 3 * 3_600_000
const first = t0
const second = t0 + intervalMs

test('flows that come between two intervals’ rows are in the seal, on the durable list, and in the next series written', async (t) => {
  const data = await scratchFolder(t)
  const settings = readSettings({ WEIR_DATA: data })
  const [tier] = settings.tiers
  const archive = await Archive.open(join(data, 'archive'))
  const store = await openParquetSeries(join(data, 'series'))
  const local = new NetworkSet([])
  const flowMaxMs = 365 * 86_400_000
  const buckets = new Buckets({ local, flowMaxMs, wholeFrom: first })
  const coverage = new CoverageTracker(t0)
  const counters = new CounterTracker()
  const writer = new SeriesWriter({ archive, store, coverage, tier: tier!, local, top: 10, flowMaxMs }) // prettier-ignore
  const take = (at: number, octets: number) => {
    const flows = columnsOf([testFlow({ first: at, last: at, octets })])
    buckets.add(flows)
    archive.add(flows)
  }
  const nothing = () => undefined
  let takenUntilMs = now
  const parts = {
    settings,
    archive,
    buckets,
    coverage,
    counters,
    neighbours: null,
    pipeline: { drain: nothing },
    receiver: {
      position: { segment: 0, offset: 0 },
      release: async () => undefined,
      takenUntilMs: () => takenUntilMs,
    },
    writer,
    consolidator: { intervalsWritten: async () => undefined, run: async () => undefined },
    incidents: { isJudging: false, changed: nothing, wake: nothing },
    trackers: { look: async () => null, fill: async () => [] },
    returnFreedMemory: nothing,
    bundles: false,
    log: pino({ level: 'silent' }),
  } as unknown as CollectorParts
  const collector = new Collector(parts)
  const bytes = async () => {
    const range = { tier: tier!, from: t0, to: t0 + 2 * intervalMs }
    const rows = await store.top({
      ...range,
      measurement: 'total',
      by: [],
      order: 'bytes',
      limit: 1,
    })
    return rows[0]?.sum.bytes
  }

  take(first, 1000)
  take(second, 20)
  const rowsOf = buckets.rows.bind(buckets)
  let made = 0
  // Flows can only arrive where building the rows yields.
  buckets.rows = (interval, top) => {
    if (made++ === 0) setImmediate(() => take(first, 300_000))
    return rowsOf(interval, top)
  }
  await collector.tick()
  assert.equal(collector.lastError, null)
  assert.equal(made, 2)
  assert.equal(archive.entries().reduce((sum, { rows }) => sum + rows, 0), 3, 'all are sealed') // prettier-ignore
  assert.equal(await bytes(), 1020, 'the series has what was counted when its rows were made')
  assert.deepEqual(archive.redo(), [first], 'a crash does not forget that the interval is to be written again') // prettier-ignore
  assert.equal(buckets.isHeld(first), true)

  takenUntilMs = now + minute
  await collector.tick()
  assert.equal(collector.lastError, null)
  assert.equal(await bytes(), 301_020)
  assert.deepEqual(archive.redo(), [])
  await archive.close()
  await store.close()
})
