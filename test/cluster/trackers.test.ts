/** Two collectors on one ClickHouse follow the same trackers, each in the flows it receives. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { intervalMs } from '../../flow/interval.ts'
import type { Settings } from '../../flow/settings/settings.ts'
import { openSeriesReader } from '../../store/open-series.ts'
import { openSharedState, type SharedState } from '../../store/open.ts'
import { withFilter, type KeptTracker } from '../../store/tracker.ts'
import { untilAdopted } from '../adopted.ts'
import { RunningClickHouse } from '../clickhouse.ts'
import { NumberedExporter, octetsOf } from '../fault/numbered-exporter.ts'
import { RunningIngest, scratchFolder } from '../processes.ts'
import { readSettings } from '../settings.ts'
import { skipWithoutClickHouse } from '../setup/clickhouse.ts'
import { forEachFlow } from '../stored.ts'

/** A busy machine is slow to build and to exchange. */
const settledMsMax = 120_000
const webPort = 443
const filter = `dst port ${webPort}`

interface Worker {
  data: string
  environment: Record<string, string>
  ingest: RunningIngest | null
}

describe('trackers of two collectors', { skip: skipWithoutClickHouse() }, () => {
  let nodes: RunningClickHouse
  let settings: Settings
  let shared: SharedState
  const workers: Worker[] = []

  before(async () => {
    nodes = await RunningClickHouse.start()
    await nodes.setUp()
    settings = readSettings({ ...nodes.environment(), WEIR_DATA: await scratchFolder() })
    shared = (await openSharedState(settings))!
    await track('before', Date.now())
    for (const name of ['one', 'two']) {
      const data = await scratchFolder()
      const environment = { ...nodes.environment(), WEIR_WRITER: name, WEIR_LOG: 'error' }
      workers.push({ data, environment, ingest: await RunningIngest.start(data, environment) })
    }
  })
  after(async () => {
    for (const { ingest } of workers) await ingest?.stop('SIGKILL')
    await shared?.close()
    await nodes?.remove()
  })

  async function track(id: string, from: number): Promise<void> {
    const spans = withFilter([], { filter, canonical: filter }, { from, now: Date.now() })
    const body: KeptTracker = { name: id, group: null, side: 'above', author: 'anna', spans }
    await shared.state.change({ collection: 'trackers', id, body, revision: 0 })
  }

  test('the series of a tracker made before, and of one made after with its past, are what both received', async () => {
    const exporters = workers.map(
      ({ ingest }, i) => new NumberedExporter(() => ingest!.port, 900, `127.0.2.${i + 1}`),
    )
    await sleep(2000)
    await track('after', Date.now() - 3 * intervalMs)
    for (const worker of workers) await untilAdopted(worker.data, 'after')
    await sleep(500)
    for (const exporter of exporters) await exporter.end()
    await sleep(500)
    // What the shutdown has no time for is built after the next start.
    for (const worker of workers) {
      await worker.ingest!.stop()
      worker.ingest = null
      worker.ingest = await RunningIngest.start(worker.data, worker.environment)
      await worker.ingest.until(
        ({ seriesWrittenAt, redo, store }) =>
          seriesWrittenAt !== null && redo + store!.spool.steps === 0,
        settledMsMax,
      )
    }
    for (const worker of workers) {
      await worker.ingest!.stop()
      worker.ingest = null
    }
    const expected = { bytes: 0, flows: 0 }
    for (const { data } of workers) {
      const before = expected.flows
      await forEachFlow(data, (flows) => {
        for (let i = 0; i < flows.count; i++) {
          if (flows.destinationTransportPort[i] !== webPort) continue
          expected.bytes += octetsOf(flows.packetDeltaCount[i]! - 1)
          expected.flows++
        }
      })
      assert.ok(expected.flows > before, 'both received some')
    }
    const reader = await openSeriesReader(settings)
    try {
      for (const tier of settings.tiers)
        for (const tracker of ['before', 'after']) {
          const query = { tier, from: 0, to: 4e12, measurement: 'tracker', rest: false } as const
          const { sum } = await reader.read({ ...query, by: ['tracker'], keys: [{ tracker }] })
          const told = {
            bytes: sum.bytes.reduce((all, each) => all + each, 0),
            flows: sum.flows.reduce((all, each) => all + each, 0),
          }
          assert.deepEqual(told, expected, `${tracker}, ${tier.name}`)
        }
    } finally {
      await reader.close()
    }
  })
})
