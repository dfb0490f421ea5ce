/**
 * Flows in ClickHouse: each once, whatever happens on the way; and the same answers as from the
 * archive.
 */
import assert from 'node:assert/strict'
import { mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test, type TestContext } from 'node:test'

import * as fc from 'fast-check'

import { parseNetwork, NetworkSet } from '../../../flow/address.ts'
import { parseFilter } from '../../../flow/filter/parse.ts'
import { archiveSeen } from '../../../ingest/shipping.ts'
import { Archive } from '../../../store/archive/archive.ts'
import type { End } from '../../../store/archive/keys/keys.ts'
import { openFlowStore } from '../../../store/archive/query.ts'
import { Connection } from '../../../store/clickhouse/connection.ts'
import { eachEndSql, flowsFrom } from '../../../store/clickhouse/flow-scan.ts'
import { openClickHouseFlows } from '../../../store/clickhouse/flows.ts'
import { Shipping } from '../../../store/clickhouse/shipping.ts'
import { ClickHouseBindings } from '../../../store/clickhouse/words.ts'
import type { FlowSeries, Include } from '../../../store/flows.ts'
import { RunningClickHouse } from '../../clickhouse.ts'
import { drawnOne } from '../../drawn.ts'
import { generatedFilters } from '../../flow/generated-filters.ts'
import { scratchFolder } from '../../processes.ts'
import { skipWithoutClickHouse } from '../../setup/clickhouse.ts'
import { archive, columnsOf, t0, testFlow } from '../archive/archived.ts'
import { until } from '../../until.ts'
import { tiers } from '../series-rows.ts'
import { addresses, generatedFlow } from '../archive/generated-flows.ts'

/** The flows of these tests have a fixed date, however long ago. */
const keep = '40y'
const keepMs = 40 * 365 * 86_400_000
const minuteMs = 60_000
const dayMs = 86_400_000
const runs = 40
const local = new NetworkSet([parseNetwork('10.0.0.0/8')!])

describe('flows in ClickHouse', { skip: skipWithoutClickHouse() }, () => {
  let nodes: RunningClickHouse
  let databases = 0
  before(async () => {
    nodes = await RunningClickHouse.start()
  })
  after(() => nodes.remove())

  /** A database, and the shipping of an archive's folder to it. */
  async function ready(t: TestContext, folder: string) {
    const database = `flows${databases++}`
    const { clickhouse: settings } = await nodes.provide(database, { WEIR_ARCHIVE_KEEP: keep })
    const flows = await openClickHouseFlows({ settings, local, keepMs, tier: tiers['5m'] })
    const list = join(folder, 'list')
    const ship = async (merging = {}, now = Date.now) => {
      const connection = new Connection({ settings, timeoutMs: 20_000 })
      const parts = { archive: folder, folder: list, connection, writer: 'weir', keepMs }
      const shipping = await Shipping.open({ ...parts, now })
      const open = await Archive.open(folder, merging)
      await open.merge(Number.POSITIVE_INFINITY)
      shipping.look(archiveSeen(open, Date.now()))
      return {
        shipping,
        entries: open.entries(),
        done: async () => {
          await shipping.settled()
          const status = shipping.status()
          await shipping.close()
          await open.close()
          return status
        },
      }
    }
    t.after(() => flows.close())
    return { database, settings, flows, list, ship }
  }

  test('generated filters, keys and steps: the archive and ClickHouse give the same answers', async (t) => {
    const made = drawnOne(fc.array(generatedFlow, { minLength: 300, maxLength: 300 }))
    const folder = await scratchFolder()
    // Two intervals of receipt, hence two files.
    await archive(
      folder,
      made.map((flow, i) => ({ ...flow, received: t0 + (i % 2) * 400_000 + i })),
    )
    const { flows, ship } = await ready(t, folder)
    const { sent } = await (await ship()).done()
    assert.equal(sent, 2)
    const embedded = await openFlowStore(folder, { local })
    t.after(() => embedded.close())
    const span = { from: t0 - minuteMs, to: t0 + 10 * minuteMs }
    assert.deepEqual(
      await flows.extent(span.from, span.to),
      await embedded.extent(span.from, span.to),
    )
    const property = fc.asyncProperty(
      generatedFilters({ addresses }),
      fc.constantFrom<Include>('any', 'start', 'end', 'within'),
      fc.constantFrom('host', 'port', 'prefix', 'dscp', 'interface', 'flags', 'direction'),
      async (filter, include, by) => {
        const window = { ...span, filter, include }
        const listed = { ...window, order: 'received', limit: 1000 } as const
        assert.deepEqual(await flows.list(listed), await embedded.list(listed))
        for (const order of ['bytes', 'peers'] as const) {
          const top = { ...window, by: [by] as ['host'], order, limit: 4 }
          assert.deepEqual(await flows.top(top), await embedded.top(top))
        }
        const asked = { by: ['host', 'direction'] as const, order: 'packets' as const, top: 3 }
        const series = { ...window, ...asked, stepMs: minuteMs }
        assert.deepEqual(rowsOf(await flows.series(series)), rowsOf(await embedded.series(series)))
      },
    )
    await fc.assert(property, { numRuns: runs })
  })

  test('a query that ClickHouse cannot read is a fault of Weir, and not a busy ClickHouse', async (t) => {
    const { settings } = await ready(t, await scratchFolder())
    const connection = new Connection({ settings, timeoutMs: 20_000 })
    t.after(() => connection.close())
    for (const sql of ['bitShiftRight(1.5, 8)', 'bitAnd(1)', 'nothing(1'])
      await assert.rejects(connection.read({ sql: `SELECT ${sql} AS one` }), { statusCode: 500 })
  })

  test('the thousand greatest keys of many columns are told from each other', async (t) => {
    const folder = await scratchFolder()
    const made = Array.from({ length: 1200 }, (_, i) =>
      testFlow({
        source: `fdff:ffff:ffff:ffff:7123:4567:ffff:${(i + 4096).toString(16)}`,
        destination: `fdff:ffff:ffff:ffff:7123:4567:fffe:${(i + 4096).toString(16)}`,
        exporter: 'fdff:ffff:ffff:ffff:7123:4567:ffff:1',
        nextHop: 'fdff:ffff:ffff:ffff:7123:4567:ffff:2',
        octets: 1000 + i,
      }),
    )
    await archive(folder, made)
    const { flows, ship } = await ready(t, folder)
    await (await ship()).done()
    const embedded = await openFlowStore(folder, { local })
    t.after(() => embedded.close())
    const by = ['pair', 'exporter', 'nexthop'] as const
    const window = { from: t0 - 1, to: t0 + minuteMs, include: 'any' as const }
    const query = { ...window, by, order: 'bytes', limit: 1000 } as const
    assert.deepEqual(await flows.top(query), await embedded.top(query))
  })

  test('a file that the disk has damaged keeps no other from being sent, and is tried again', async (t) => {
    const folder = await scratchFolder()
    const intervals = [0, 1, 2].map((i) => t0 + i * 300_000)
    await archive(
      folder,
      intervals.map((received) => testFlow({ received, octets: 100 })),
    )
    const { flows, ship } = await ready(t, folder)
    const listed = await Archive.open(folder)
    await listed.merge(Number.POSITIVE_INFINITY)
    const oldest = listed.entries().find(({ receivedTo }) => receivedTo < intervals[1]!)!
    await listed.close()
    const path = join(folder, oldest.file)
    const whole = await readFile(path)
    await writeFile(path, Buffer.alloc(whole.length))
    const { shipping, done } = await ship()
    await until(() => shipping.status().sent === 2)
    assert.equal(shipping.status().waiting, 1)
    assert.notEqual(shipping.status().lastError, null)
    await writeFile(path, whole)
    const { sent, waiting } = await done()
    assert.deepEqual([sent, waiting], [3, 0])
    const window = { from: t0 - 1, to: t0 + 20 * minuteMs, include: 'any' as const }
    const { total } = await flows.top({ ...window, by: ['src'], order: 'bytes', limit: 3 })
    assert.deepEqual([total.bytes, total.flows], [300, 3])
  })

  test('a file that cannot be read is said to be that, and not that ClickHouse does not answer', async (t) => {
    const folder = await scratchFolder()
    await archive(folder, [testFlow()])
    const { ship } = await ready(t, folder)
    const merged = await Archive.open(folder)
    await merged.merge(Number.POSITIVE_INFINITY)
    const path = join(folder, merged.entries()[0]!.file)
    await merged.close()
    await rename(path, `${path}.away`)
    await mkdir(path)
    const { shipping, done } = await ship()
    await until(() => shipping.status().lastError !== null)
    assert.match(shipping.status().lastError!, /^archive: .*\.parquet cannot be read: EISDIR/)
    await rmdir(path)
    await rename(`${path}.away`, path)
    const { sent, waiting, lastError } = await done()
    assert.deepEqual([sent, waiting, lastError], [1, 0, null])
  })

  test('an interval with late flows replaces what was sent of it, also after a step back of the clock', async (t) => {
    const folder = await scratchFolder()
    await archive(folder, [testFlow({ octets: 100 }), testFlow({ octets: 10 })])
    const { database, flows, ship } = await ready(t, folder)
    await (await ship({}, () => Date.now() + 3_600_000)).done()
    const late = await Archive.open(folder)
    late.add(columnsOf([testFlow({ octets: 1 })]))
    await late.publish({})
    await late.close()
    await (await ship()).done()
    const window = { from: t0 - 1, to: t0 + minuteMs, include: 'any' as const }
    const { total } = await flows.top({ ...window, by: ['src'], order: 'bytes', limit: 3 })
    assert.deepEqual([total.bytes, total.flows], [111, 3])
    const listed = await nodes.nodes[0]!.ask(
      `SELECT is_live, count(), sum(rows) FROM ${database}.flow_files FINAL GROUP BY is_live ORDER BY is_live`,
    )
    assert.equal(listed, '0\t1\t0\n1\t1\t3')
  })

  test('an interval with several files has all of their flows', async (t) => {
    const folder = await scratchFolder()
    for (const octets of [100, 10, 1]) {
      const part = await Archive.open(folder)
      part.add(columnsOf([testFlow({ octets }), testFlow({ octets })]))
      await part.publish({})
      await part.close()
    }
    const { flows, ship } = await ready(t, folder)
    assert.equal((await (await ship({ mergeRowsMax: 3 })).done()).sent, 3)
    const window = { from: t0 - 1, to: t0 + minuteMs, include: 'any' as const }
    const { total } = await flows.top({ ...window, by: ['src'], order: 'bytes', limit: 3 })
    assert.deepEqual([total.bytes, total.flows], [222, 6])
  })

  test('files bundled after they were sent do not count beside their bundle', async (t) => {
    const folder = await scratchFolder()
    const twelve = Array.from({ length: 12 }, (_, i) =>
      testFlow({ octets: 2 ** i, received: t0 + i * 5 * minuteMs, first: t0 + i, last: t0 + i }),
    )
    await archive(folder, twelve)
    const { flows, ship } = await ready(t, folder)
    assert.equal((await (await ship()).done()).sent, 12)
    const bundling = await Archive.open(folder)
    while (await bundling.bundle(t0 + 2 * 86_400_000)) continue
    const bundles = bundling.entries().length
    await bundling.close()
    assert.ok(bundles < 12)
    const again = await ship()
    await again.shipping.settled()
    const { files, rows, octets, differing, strays } = await again.shipping.compare(again.entries)
    assert.deepEqual([files, rows, octets], [bundles, 12, 2 ** 12 - 1])
    assert.deepEqual([differing, strays], [[], []])
    assert.equal((await again.done()).sent, bundles)
    const window = { from: t0 - 1, to: t0 + minuteMs, include: 'any' as const }
    const { total } = await flows.top({ ...window, by: ['src'], order: 'bytes', limit: 3 })
    assert.deepEqual([total.bytes, total.flows], [2 ** 12 - 1, 12])
  })

  test('flows that differ from what was sent are found by count and sum, and sent again', async (t) => {
    const folder = await scratchFolder()
    await archive(
      folder,
      [1, 10, 100].flatMap((octets, i) => {
        const received = t0 + i * 5 * minuteMs
        return [testFlow({ octets, received }), testFlow({ octets: 7, received })]
      }),
    )
    const { database, ship } = await ready(t, folder)
    await (await ship()).done()
    const change = (sql: string) =>
      nodes.nodes[0]!.ask(`ALTER TABLE ${database}.flows ${sql} SETTINGS mutations_sync = 2`)
    // One file lacks a flow; in another, one flow has different bytes, with an unchanged count.
    await change('DELETE WHERE octetDeltaCount = 1')
    await change('UPDATE octetDeltaCount = 11 WHERE octetDeltaCount = 10')
    const mending = await ship()
    await mending.shipping.settled()
    const before = await mending.shipping.compare(mending.entries)
    assert.deepEqual(
      before.differing.map(({ found }) => found),
      [
        { rows: 1, octets: 7, packets: 10 },
        { rows: 2, octets: 18, packets: 20 },
      ],
    )
    await mending.done()
    const sending = await ship()
    await sending.shipping.settled()
    const { files, octets, differing } = await sending.shipping.compare(sending.entries)
    assert.deepEqual([files, octets, differing], [3, 132, []])
    await sending.done()
  })

  test('flows begin where retention has left them all, though the list of files is kept longer', async (t) => {
    const folder = await scratchFolder()
    const day = t0 - (t0 % dayMs)
    const received = [day, day + dayMs, day + 1.5 * dayMs, day + 2 * dayMs]
    await archive(
      folder,
      received.map((at) => testFlow({ received: at, first: at, last: at })),
    )
    const { database, settings, ship } = await ready(t, folder)
    await (await ship()).done()
    // Retention in the middle of the second day: the first is gone, the second will go when it is over.
    const now = day + 100.25 * dayMs
    const partition = new Date(day).toISOString().slice(0, 10).replaceAll('-', '')
    await nodes.nodes[0]!.ask(`ALTER TABLE ${database}.flows DROP PARTITION '${partition}'`)
    const flows = await openClickHouseFlows({
      settings,
      local,
      keepMs: 99 * dayMs,
      tier: tiers['5m'],
      now: () => now,
    })
    t.after(() => flows.close())
    const { first, rows } = await flows.extent(0, now)
    assert.deepEqual([first, rows], [received[2], 2])
  })

  test('a query whose client is gone ends in ClickHouse too', async (t) => {
    const { settings } = await ready(t, await scratchFolder())
    const node = nodes.nodes[0]!
    const connection = new Connection({ settings, timeoutMs: 20_000 })
    t.after(() => connection.close())
    const gone = new AbortController()
    const endless = 'SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1'
    const work = connection.read({ sql: endless, signal: gone.signal })
    const running = () =>
      node.ask(
        `SELECT count() FROM system.processes WHERE query LIKE 'SELECT count() FROM numbers%'`,
      )
    await until(async () => (await running()) === '1')
    gone.abort()
    await assert.rejects(work, { name: 'AbortError' })
    await until(async () => (await running()) === '0')
  })

  test('sent while the node is killed, and again without the list of sent files: each flow once', async (t) => {
    const folder = await scratchFolder()
    const told20 = Array.from({ length: 20 }, (_, i) =>
      testFlow({ octets: 2 ** i, received: t0 + i * 5 * minuteMs, first: t0 + i, last: t0 + i }),
    )
    await archive(folder, told20)
    const { flows, list, ship } = await ready(t, folder)
    const node = nodes.nodes[0]!
    const sending = await ship()
    await node.kill()
    assert.ok(sending.shipping.status().waiting > 0)
    await node.start()
    await sending.done()
    await rm(list, { recursive: true })
    const { sent, waiting } = await (await ship()).done()
    assert.deepEqual([sent, waiting], [20, 0])
    const window = { from: t0 - 1, to: t0 + minuteMs, include: 'any' as const }
    const { total } = await flows.top({ ...window, by: ['src'], order: 'bytes', limit: 3 })
    assert.deepEqual([total.bytes, total.flows], [2 ** 20 - 1, 20])
    // Flows received since the collector's last closed interval are reported as missing.
    assert.deepEqual(await flows.remarks!(t0, t0 + minuteMs), [])
    const [remark] = await flows.remarks!(Date.now() - minuteMs, Date.now() + minuteMs)
    assert.match(remark ?? '', /collector weir received since .* are not in ClickHouse yet/)
  })

  test('a query about one minute of twenty days reads the partition and key range of its file', async (t) => {
    const folder = await scratchFolder()
    await archive(
      folder,
      Array.from({ length: 20 }, (_, i) => {
        const first = t0 - i * dayMs
        return testFlow({ received: first, first, last: first })
      }),
    )
    const { settings, ship } = await ready(t, folder)
    await (await ship()).done()
    const connection = new Connection({ settings, timeoutMs: 20_000 })
    t.after(() => connection.close())
    const bindings = new ClickHouseBindings()
    const from = t0 - 7 * dayMs
    const filter = parseFilter('host 10.0.0.22')!
    const window = { from, to: from + minuteMs, include: 'any' as const, filter }
    const hosts = { host: (end: End) => `"${end}AddressLow"` }
    for (const joined of ['', eachEndSql(['source', 'destination'], hosts, { bytes: '1' })]) {
      const answer = await connection.read({
        sql: `EXPLAIN indexes = 1 SELECT count() ${flowsFrom(connection, window, bindings, joined)}`,
        values: bindings.values,
      })
      const plan = answer.texts('explain').join('\n')
      const parts = /Min-Max[\s\S]*?Parts: (\d+)\/(\d+)/.exec(plan)
      assert.deepEqual(parts?.slice(1), ['1', '20'], plan)
      assert.match(plan, /PrimaryKey\s+Keys:\s+interval\s+file\s/, plan)
    }
  })
})

/** The rows of an answer, independent of how its keys and exporters are numbered. */
function rowsOf({ keys, exporters, count, time, exporter, key, sum }: FlowSeries) {
  const rows = Array.from({ length: count }, (_, i) =>
    JSON.stringify([
      time[i],
      exporters[exporter[i]!],
      keys[key[i]!] ?? key[i]! - keys.length,
      sum.bytes[i],
      sum.packets[i],
      sum.flows[i],
      sum.active[i],
    ]),
  )
  return { keys, rows: rows.sort() }
}
