import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { Connection } from '../../../store/clickhouse/connection.ts'
import { rowsOf } from '../../../store/clickhouse/rows.ts'
import { createSql, filesSpec, flowsSpec, seriesSpec } from '../../../store/clickhouse/schema.ts'
import { openClickHouseSeries } from '../../../store/clickhouse/series.ts'
import { RunningClickHouse } from '../../clickhouse.ts'
import { runWeir, scratchFolder } from '../../processes.ts'
import { readSettings } from '../../settings.ts'
import { skipWithoutClickHouse } from '../../setup/clickhouse.ts'
import { coverageOf, dayMs, hourMs, stepOf, tiers } from '../series-rows.ts'

describe('weir clickhouse setup', { skip: skipWithoutClickHouse() }, () => {
  let nodes: RunningClickHouse
  before(async () => {
    nodes = await RunningClickHouse.start()
  })
  after(() => nodes.remove())
  const node = () => nodes.nodes[0]!

  test('can be repeated: it does only what is left to do', async () => {
    const first = await nodes.setUp('again')
    assert.match(first, /schema 1: tables of the flows/)
    assert.match(first, /database again on a single server is ready/)
    const second = await nodes.setUp('again')
    assert.doesNotMatch(second, /schema 1|keeps/)
    const third = await nodes.setUp('again', {
      WEIR_TIERS: '5m:30d 1h:1y',
      WEIR_ARCHIVE_KEEP: '10d',
    })
    assert.match(third, /series_5m: keeps 30 days now/)
    assert.match(third, /flows: keeps 10 days now/)
    const tables = await node().ask("SELECT name FROM system.tables WHERE database = 'again'")
    for (const name of ['series_5m', 'series_1h', 'series_1d', 'flows', 'flow_files'])
      assert.ok(tables.split('\n').includes(name), `${name} in ${tables}`)
    const engine = await node().ask(
      "SELECT engine_full FROM system.tables WHERE database = 'again' AND name = 'series_5m'",
    )
    assert.match(engine, new RegExp(`toIntervalSecond\\(${30 * 86_400}\\)`))
  })

  test('a table of an earlier version gets its missing columns', async () => {
    await nodes.setUp('older')
    await node().ask('ALTER TABLE older.series_30m DROP COLUMN seen')
    const check = () => runWeir(['clickhouse', 'check'], nodes.environment('older'))
    assert.match((await check()).stderr, /error 47: .*weir clickhouse setup makes the tables/)
    assert.match(await nodes.setUp('older'), /series_30m: has seen now/)
    assert.doesNotMatch(await nodes.setUp('older'), /has seen now/)
    assert.equal((await check()).code, 0)
    assert.equal(await node().ask('SELECT sum(seen) FROM older.series_30m'), '0')
  })

  test('a cluster without Keeper is refused, with a remedy', async () => {
    const { code, stderr } = await runWeir(['clickhouse', 'setup'], {
      ...nodes.environment('lonely'),
      WEIR_CLICKHOUSE_CLUSTER: 'weir',
    })
    assert.notEqual(code, 0)
    assert.match(stderr, /no Keeper answers .* write --without-keeper/)
  })

  test('faults of ClickHouse are told apart', async () => {
    const check = async (environment: Record<string, string>) => {
      const given = { ...nodes.environment('nowhere'), ...environment }
      return (await runWeir(['clickhouse', 'check'], given)).stderr
    }
    assert.match(await check({}), /error 81: .*weir clickhouse setup makes the tables/)
    assert.match(await check({ WEIR_CLICKHOUSE_USER: 'nobody' }), /a user that may write/)
    assert.match(
      await check({ WEIR_CLICKHOUSE_URL: 'http://127.0.0.1:9' }),
      /no answer .*names its HTTP port/,
    )
    assert.match(
      await check({ WEIR_CLICKHOUSE_PASSWORD_FILE: '/does/not/exist' }),
      /WEIR_CLICKHOUSE_PASSWORD_FILE="\/does\/not\/exist": cannot be read/,
    )
  })

  test('ClickHouse can parse the replicated tables of a cluster with Keeper', async () => {
    const place = { database: 'weir', cluster: 'weir', hasKeeper: true }
    const specs = [flowsSpec(86_400), filesSpec(86_400), seriesSpec(tiers['30m'], true)]
    for (const spec of specs) {
      const [local, distributed] = createSql(spec, place)
      for (const sql of [local!, distributed!]) {
        assert.match(sql, / ON CLUSTER weir/)
        const quoted = sql.replaceAll('\\', '\\\\').replaceAll("'", "\\'")
        assert.match(await node().ask(`SELECT formatQuerySingleLine('${quoted}')`), /^CREATE TABLE/)
      }
      assert.match(
        local!,
        /ENGINE = Replicated\w*MergeTree\('\/clickhouse\/tables\/\{shard\}\/weir\//,
      )
      assert.match(distributed!, /ENGINE = Distributed\(weir, weir, \w+_local, /)
    }
  })

  test('a query about two hours of 40 days reads only their day and key range', async () => {
    await nodes.setUp('pruned')
    const settings = readSettings(nodes.environment('pruned')).clickhouse
    const folder = await scratchFolder()
    const store = await openClickHouseSeries({ settings, folder, tiers: Object.values(tiers) })
    const tier = tiers['5m']
    const day = Math.floor(Date.now() / dayMs) * dayMs
    const times = Array.from({ length: 40 * 48 }, (_, i) => day - 40 * dayMs + i * (dayMs / 48))
    const hosts = Array.from({ length: 20 }, (_, i) => ({
      host: `10.0.0.${i}`,
      direction: 'in',
      bytes: i,
    }))
    await store.write(
      tier,
      times.map((time) => stepOf(coverageOf(time, '192.0.2.1'), { host: hosts })),
    )
    await store.settled!()
    await store.close()
    const connection = new Connection({ settings, timeoutMs: 10_000 })
    try {
      const from = day - 20 * dayMs
      const { sql, values } = rowsOf({ connection }, { tier, from, to: from + 2 * hourMs }, 'host')
      const answer = await connection.read({
        sql: `EXPLAIN indexes = 1 SELECT sum(bytes) ${sql}`,
        values,
      })
      const plan = answer.texts('explain').join('\n')
      const parts = /Min-Max[\s\S]*?Parts: (\d+)\/(\d+)/.exec(plan)
      assert.ok(parts, plan)
      assert.ok(Number(parts[1]) <= 2 && Number(parts[2]) >= 40, plan)
      assert.match(plan, /PrimaryKey\s+Keys:\s+measurement\s+time\s/, plan)
    } finally {
      await connection.close()
    }
  })
})
