/** Verdicts with their history: of two who took the line, the one that does so every day. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import { NetworkSet, parseNetwork } from '../../../flow/address.ts'
import type { ExporterBreak, Incident } from '../../../flow/incident/incident.ts'
import { Scene } from '../../../flow/incident/scene/scene.ts'
import { sensitivityTable } from '../../../flow/incident/sensitivity.ts'
import { intervalStart } from '../../../flow/interval.ts'
import type { FlowStore } from '../../../store/flows.ts'
import { collectAll } from '../../../store/process/garbage.ts'
import { judge } from '../../../store/incident/judge.ts'
import { openParquetSeries } from '../../../store/parquet/series.ts'
import { officeFlows } from '../../flow/incident/office.ts'
import { eventFlows, t0, type TestFlow } from '../../flow/incident/tables.ts'
import { scratchFolder } from '../../processes.ts'
import { coverageOf, dayMs, hourMs, stepOf, tiers } from '../series-rows.ts'

const exporter = '192.0.2.1'
const tier = tiers['5m']
const [daily, other] = ['10.0.0.100', '10.0.0.101']
const gigabyte = 1e9

/** Downloads of hosts, each with a record a minute. */
function downloads(hosts: readonly string[], from: number, to: number): Partial<TestFlow>[] {
  return hosts.flatMap((destination, host) =>
    Array.from({ length: (to - from) / 60 }, (_, i) => ({
      source: '203.0.113.80',
      destination,
      sourcePort: 443,
      destinationPort: 30_000 + host,
      first: t0 + (from + 60 * i) * 1000,
      last: t0 + (from + 60 * (i + 1)) * 1000 - 1,
      bytes: gigabyte,
    })),
  )
}

/** A series in which the first host downloads at each hour of two days, and all is known. */
async function twoDays(t: TestContext) {
  const folder = await scratchFolder()
  const series = await openParquetSeries(folder)
  t.after(() => series.close())
  const from = intervalStart(t0) - 2 * dayMs - hourMs
  const steps = Array.from({ length: (t0 + hourMs - from) / tier.stepMs }, (_, i) => {
    const host = [{ host: daily, direction: 'in', bytes: 5 * gigabyte }]
    return stepOf(coverageOf(from + i * tier.stepMs, exporter), { host })
  })
  await series.write(tier, steps)
  return series
}

async function judgedAll(t: TestContext, flows: readonly Partial<TestFlow>[], breaks: ExporterBreak[] = [], unreadable: { from: number; to: number }[] = []) {
  const store = {
    extent: async () => ({ rows: flows.length, first: t0, last: t0 + hourMs }),
    scan: async (_query, start) => start()(eventFlows(flows)),
    breaks: async () => breaks,
    unreadable: async () => unreadable.map((span) => ({ ...span, reason: 'unreadable' as const })),
  } as Partial<FlowStore> as FlowStore
  return judge({
    flows: store, series: await twoDays(t), tier, zone: 'UTC', from: t0, to: t0 + 2700_000,
    local: new NetworkSet([parseNetwork('10.0.0.0/8')!]), sensitivity: sensitivityTable.normal,
  })
} // prettier-ignore

async function judged(...asked: Parameters<typeof judgedAll>) {
  return (await judgedAll(...asked))[0]!
}

const office = { seed: 7, hosts: 30, pages: 1, connections: 4, seconds: 2700 }

test('who does so every day is no culprit, and beside one it is said', async (t) => {
  const cut = { from: 1200, to: 1440 }
  const others = officeFlows({ ...office, cut })
  const alone = await judged(t, [...others, ...downloads([daily], cut.from, cut.to)])
  assert.deepEqual(alone.incidents, [])
  assert.deepEqual(alone.usual, [`${daily} did the like at this hour on earlier days`])
  const { incidents } = await judged(t, [...others, ...downloads([daily, other], cut.from, cut.to)])
  const told = incidents.flatMap(({ actors }) => actors.map(({ host, isUsual }) => [host, isUsual]))
  assert.deepEqual(told.sort(), [
    [daily, true],
    [other, undefined],
  ])
})

test('a congestion goes on over a time of which a file cannot be read', async (t) => {
  const cut = { from: 900, to: 1980 }
  const lost = { from: intervalStart(t0 + 1200_000), to: intervalStart(t0 + 1200_000) + 300_000 }
  const sentAt = ({ first, last }: Partial<TestFlow>) => Math.min(last! + 15_000, first! + 60_000)
  const all = [...officeFlows({ ...office, cut }), ...downloads([other], cut.from, cut.to)]
  const left = all.filter((flow) => sentAt(flow) < lost.from || sentAt(flow) >= lost.to)
  const { incidents } = await judged(t, left, [], [lost])
  assert.deepEqual(
    incidents.map(({ kind, actors }) => [kind, actors.map(({ host }) => host)]),
    [['congestion', [other]]],
  )
  const [{ from, to, gaps }] = incidents as [Incident]
  assert.ok(Math.abs(from - t0 - 900_000) <= 2000 && Math.abs(to - t0 - 1980_000) <= 2000)
  assert.deepEqual(gaps, [{ ...lost, isOurs: true, isUnreadable: true }])
})

test('time in which nobody listened is no incident', async (t) => {
  const stop = { from: t0 + 1500_000, to: t0 + 1560_000 }
  // A record is sent fifteen seconds after its last packet, or when it has lasted a minute.
  const sentAt = ({ first, last }: Partial<TestFlow>) => Math.min(last! + 15_000, first! + 60_000)
  const all = [...officeFlows(office), ...downloads([other], 1330, 1810)]
  const received = all.filter((flow) => sentAt(flow) < stop.from || sentAt(flow) >= stop.to)
  const stopped = { ...stop, exporter, isRestart: false, lostFlows: 0, lostDatagrams: 0, isOurs: true } as const // prettier-ignore
  assert.deepEqual((await judged(t, received, [stopped])).incidents, [])
})

test('of many exporters judged at once the series of their hosts are not kept, and are the same when asked for', async (t) => {
  const [exporters, hosts] = [40, 100]
  const ofExporter = (n: number) =>
    Array.from({ length: 3 * hosts }, (_, i) => ({
      exporter: `192.0.2.${n + 1}`,
      source: '203.0.113.80',
      destination: `10.${n}.0.${i % hosts}`,
      first: t0 + 1000 * i,
      last: t0 + 2_400_000 + 1000 * i,
      bytes: gigabyte,
    }))
  const before = process.memoryUsage().arrayBuffers
  const all = await judgedAll(t, Array.from({ length: exporters }, (_, n) => ofExporter(n)).flat())
  assert.equal(all.length, exporters)
  collectAll()
  const keptBytes = process.memoryUsage().arrayBuffers - before
  const [{ scene }] = all as [(typeof all)[number]]
  assert.equal(scene.followed.size, hosts)
  const seriesBytes = exporters * hosts * 2 * 8 * scene.grid.seconds
  assert.ok(keptBytes < seriesBytes / 4, `${keptBytes} of ${seriesBytes} bytes are kept`)
  const [one] = scene.followed
  const { followed } = new Scene(scene.table, scene.grid)
  assert.ok(one![1].in.some((bytes) => bytes > 0))
  assert.deepEqual(one![1], followed.get(one![0]))
})
