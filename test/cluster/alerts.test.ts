/**
 * Two collectors that evaluate the same alerts, over a real ClickHouse and a simulated clock: what one
 * reports no other reports, and when it dies another takes over.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { pino } from 'pino'

import type { Incident } from '../../flow/incident/incident.ts'
import { intervalMs } from '../../flow/interval.ts'
import type { Settings } from '../../flow/settings/settings.ts'
import type { ExporterStatus, IngestStatus } from '../../flow/status.ts'
import { BreakLog } from '../../ingest/coverage/breaks.ts'
import { AlertCluster } from '../../ingest/alerts/cluster.ts'
import { AlertEngine } from '../../ingest/alerts/engine.ts'
import { AlertSender } from '../../ingest/alerts/sender.ts'
import { FollowedTrackers } from '../../ingest/trackers/followed.ts'
import type { AlertEvent } from '../../store/alert.ts'
import { Connection } from '../../store/clickhouse/connection.ts'
import { Exchange } from '../../store/clickhouse/exchange.ts'
import { openClickHouseSeries } from '../../store/clickhouse/series.ts'
import { openSeriesReader } from '../../store/open-series.ts'
import { openSharedState, openStatuses } from '../../store/open.ts'
import type { OpenState } from '../../store/state/state.ts'
import { exporterStatus } from '../exporter-status.ts'
import { coverageOf, stepOf } from '../store/series-rows.ts'
import { RunningClickHouse } from '../clickhouse.ts'
import { scratchFolder } from '../processes.ts'
import { skipWithoutClickHouse } from '../setup/clickhouse.ts'
import { until } from '../until.ts'

const line = '192.0.2.1'
const begin = Math.floor(Date.now() / intervalMs) * intervalMs - 2 * intervalMs
const targets: { script: true }[] = []

/** The parts of a collector that alerts see, and what it has sent. */
interface Collector {
  cluster: AlertCluster
  engine: AlertEngine
  told: AlertEvent[]
  state: OpenState
  /** Its own status. */
  says: Partial<IngestStatus>
  /** Announces that it is alive, and checks its alerts. */
  live(): Promise<void>
  close(): Promise<void>
}

function exporter(address: string, lastSeen: number): ExporterStatus {
  return { ...exporterStatus, address, name: null, lastSeen: lastSeen / 1000 }
}

describe('alerts of two collectors', { skip: skipWithoutClickHouse() }, () => {
  let nodes: RunningClickHouse
  let nowMs = begin
  const open: Collector[] = []
  const incidents: Incident[] = []

  before(async () => {
    nodes = await RunningClickHouse.start()
  })
  after(async () => {
    for (const each of open) await each.close()
    await nodes?.remove()
  })

  let databases = 0
  async function ownSettings(): Promise<Settings> {
    const database = `alerts${databases++}`
    incidents.length = 0
    nowMs = begin
    return nodes.provide(database, { WEIR_DATA: await scratchFolder() })
  }

  async function start(settings: Settings, writer: string): Promise<Collector> {
    const now = () => nowMs
    const { state, logs, close } = (await openSharedState(settings, now))!
    const connection = new Connection({ settings: settings.clickhouse, timeoutMs: 30_000 })
    const exchange = new Exchange({ connection, writer, now })
    const series = await openSeriesReader(settings)
    const cluster = new AlertCluster({
      writer,
      statuses: (await openStatuses(settings))!,
      series,
      now,
    })
    const told: AlertEvent[] = []
    const followed = new FollowedTrackers()
    const none = () => assert.fail('what is here alone is not looked at')
    const engine = new AlertEngine({
      sources: {
        data: settings.data,
        tier: settings.tiers[0]!,
        state,
        followed,
        buckets: { trackerSums: none, isHeld: none },
        coverage: { of: none, exportersIn: none, lostShare: none, breaks: new BreakLog() },
        series: { read: none, coverage: none },
        incidents: { between: async () => incidents },
        exporters: () => cluster.exporters(),
        wording: { zone: 'UTC', hostName: () => null, exporterName: () => null },
        cluster: {
          series,
          disks: () => cluster.disks(),
          writtenUntil: () => cluster.writtenUntil(),
        },
      },
      state,
      sendsAlerts: (ms) => cluster.sendsAlerts(ms),
      sender: new AlertSender({
        settings: settings.alerts,
        pageUrl: 'https://weir.example.org',
        zone: 'UTC',
        log: pino({ level: 'silent' }),
        keep: async (event) => {
          told.push(event)
          await logs.append('alert-history', event)
        },
      }),
      log: pino({ level: 'silent' }),
    })
    const says: Partial<IngestStatus> = {}
    const status = async () =>
      ({
        running: true,
        seriesWrittenAt: nowMs / 1000,
        exporters: [],
        warnings: [],
        ...says,
      }) as unknown as IngestStatus
    const made: Collector = {
      cluster,
      engine,
      told,
      state,
      says,
      async live() {
        await exchange.report([], status)
        assert.equal(exchange.lastError, null)
        await engine.tick(nowMs)
      },
      async close() {
        await Promise.all([cluster.close(), connection.close(), close()])
      },
    }
    open.push(made)
    return made
  }

  /**
   * Time passes for the given collectors; they announce themselves every fifteen seconds, or after
   * each step.
   */
  async function pass(seconds: number, living: readonly Collector[], step = 15): Promise<void> {
    for (let passed = 0; passed < seconds; passed += step) {
      nowMs += step * 1000
      for (const each of living) await each.live()
    }
  }

  function happen(id: string): void {
    incidents.push({
      id,
      exporter: line,
      kind: 'silence',
      from: nowMs - 60_000,
      to: nowMs,
      isOngoing: false,
      actors: [],
      othersKept: null,
      facts: [],
      total: { in: 0, out: 0, connections: null },
      lost: { flows: 0, estimated: false },
      sampling: 1,
      idleMs: 0,
    })
  }

  /** A message arrives a moment after it was decided. */
  async function toldOf(count: number, ...collectors: readonly Collector[]): Promise<AlertEvent[]> {
    const all = () => collectors.flatMap(({ told }) => told)
    await until(() => all().length >= count)
    await sleep(30)
    const stand = collectors.map(({ engine }) => [...engine.states])
    assert.equal(all().length, count, JSON.stringify([all(), stand]))
    return all()
  }

  const texts = ({ told }: Collector) => told.map(({ text }) => text)
  const ids = { collection: 'alerts' as const }

  test('an incident is reported once, by the first; by the other if that one was killed; and never again', async () => {
    const settings = await ownSettings()
    const [one, two] = [await start(settings, 'one'), await start(settings, 'two')]
    const body = { name: 'Amiss', subject: { kind: 'incident' }, targets, author: 'anna' }
    await one.state.change({ ...ids, id: 'a', body })
    await pass(60, [one, two])
    happen('i1')
    await pass(30, [one, two])
    await toldOf(1, one, two)
    assert.equal(two.told.length, 0)
    // It is killed, which nobody knows yet.
    happen('i2')
    await pass(75, [two])
    assert.equal(two.told.length, 0)
    assert.equal(two.engine.states.size, 0, 'who does not tell says nothing of how alerts stand')
    await pass(30, [two])
    // What happened in the meantime, without what was reported before.
    await toldOf(1, two)
    assert.equal(two.engine.states.get('a')?.is, 'told')
    // It returns, and resumes its role once the other must have heard of it.
    const again = await start(settings, 'one')
    happen('i3')
    await pass(30, [again, two])
    happen('i4')
    await pass(60, [again, two])
    happen('i5')
    await pass(30, [again, two])
    await toldOf(5, one, two, again)
    assert.equal(again.engine.states.get('a')?.is, 'told')
    assert.equal(two.engine.states.size, 0)
    const shared = (await openSharedState(settings))!
    assert.equal((await shared.logs.read('alert-history', 10)).length, 5)
    await shared.close()
  })

  test('if two consider it theirs, the state lets one send', async () => {
    const settings = await ownSettings()
    const both = [await start(settings, 'one'), await start(settings, 'two')]
    const body = { name: 'Amiss', subject: { kind: 'incident' }, targets, author: 'anna' }
    await both[0]!.state.change({ ...ids, id: 'a', body })
    nowMs += 15_000
    for (const { cluster } of both) cluster.sendsAlerts = async () => true
    for (let round = 1; round <= 5; round++) {
      happen(`i${round}`)
      nowMs += 15_000
      await Promise.all(both.map(({ engine }) => engine.tick(nowMs)))
      await Promise.all(both.map(({ engine }) => engine.tick(nowMs)))
      await toldOf(round, ...both)
    }
  })

  test('exporters are those of all collectors, disks are each collector’s own', async () => {
    const settings = await ownSettings()
    const [one, two] = [await start(settings, 'one'), await start(settings, 'two')]
    const common = { targets, author: 'anna' }
    const silent = { kind: 'silent', seconds: 60 }
    await one.state.change({ ...ids, id: 's', body: { name: 'S', subject: silent, ...common } })
    const condition = { is: 'below', value: 10 }
    const disk = { name: 'D', subject: { kind: 'disk' }, condition, ...common }
    await one.state.change({ ...ids, id: 'd', body: disk })
    one.says.diskFreePercent = 50
    two.says.diskFreePercent = 5
    // An exporter that moved was heard by the other collector a moment ago.
    for (let passed = 0; passed <= 330; passed += 30) {
      one.says.exporters = [exporter(line, begin)]
      two.says.exporters = [
        exporter(line, nowMs + 30_000),
        exporter('192.0.2.2', passed < 60 ? nowMs + 30_000 : begin + 60_000),
      ]
      await pass(30, [one, two], 30)
    }
    await toldOf(2, one, two)
    const told = texts(one)
    assert.match(
      told.find((text) => text.includes('free room'))!,
      /of the collector two: 5/,
    )
    assert.match(
      told.find((text) => text.includes('silent'))!,
      /192\.0\.2\.2 is silent/,
    )
  })

  test('a tracker’s value is that of all, and too little is reported only once all have written', async () => {
    const settings = await ownSettings()
    const [one, two] = [await start(settings, 'one'), await start(settings, 'two')]
    const span = { filter: 'proto tcp', canonical: 'proto tcp', from: begin - intervalMs, to: null }
    const tracker = { name: 'Line', group: null, side: 'above', author: 'anna', spans: [span] }
    await one.state.change({ collection: 'trackers', id: 'line', body: tracker })
    const subject = { kind: 'tracker', tracker: 'line', measure: 'bits' }
    const alert = (name: string, is: string, value: number) =>
      one.state.change({
        ...ids,
        id: name,
        body: { name, subject, condition: { is, value }, targets, author: 'anna' },
      })
    await alert('high', 'above', 1e6)
    await alert('low', 'below', 1e6)
    await alert('less', 'below', 2e6)
    const write = async (writer: string, exporter: string, bits: number) => {
      const store = await openClickHouseSeries({
        settings: { ...settings.clickhouse, writer },
        folder: await scratchFolder(),
        tiers: settings.tiers,
      })
      const bytes = (bits * intervalMs) / 8000
      const rows = [{ tracker: 'line', direction: 'in', bytes, packets: 1, flows: 1, active: 1 }]
      await store.write(settings.tiers[0]!, [
        stepOf(coverageOf(begin, exporter), { tracker: rows }),
      ])
      await store.settled!()
      await store.close()
    }
    const live = async (seconds: number) => {
      for (let passed = 0; passed < seconds; passed += 60) {
        one.says.exporters = [exporter(line, nowMs)]
        two.says.exporters = [exporter('192.0.2.2', nowMs)]
        await pass(60, [one, two], 60)
      }
    }
    // The other has not written its part of the interval.
    two.says.seriesWrittenAt = begin / 1000
    await write('one', line, 0.7e6)
    await live(300 + 180)
    await toldOf(0, one, two)
    assert.deepEqual(texts(one), [], 'a part is no value that is too little, and not yet too much')
    await write('two', '192.0.2.2', 0.8e6)
    delete two.says.seriesWrittenAt
    await live(120)
    const told = await toldOf(2, one, two)
    assert.deepEqual(told.map(({ name }) => name).toSorted(), ['high', 'less'])
    for (const text of texts(one)) assert.match(text, /Line: (at least )?1\.50 M/)
  })
})
