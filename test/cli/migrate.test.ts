/**
 * Moves the Monday capture from Parquet files to ClickHouse, killed on the way, and the series back
 * again.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { StateReader, StateStore } from '../../store/state/files.ts'
import { RunningClickHouse } from '../clickhouse.ts'
import { mondayBytes as bytes, mondayFlows as flows, replayMonday } from '../monday.ts'
import { runWeir, scratchFolder } from '../processes.ts'
import { skipWithoutClickHouse } from '../setup/clickhouse.ts'
import { seriesSums } from '../stored.ts'
import { migrateGenerated } from './migration.ts'

describe('weir migrate', { skip: skipWithoutClickHouse() }, () => {
  let nodes: RunningClickHouse
  let data = ''
  before(async () => {
    nodes = await RunningClickHouse.start()
    await nodes.setUp()
    data = await scratchFolder()
    await replayMonday({ WEIR_DATA: data })
    const state = (await StateStore.open(data))!
    for (const id of ['wall', 'desk'])
      await state.change({ collection: 'dashboards', id, body: { title: id } })
    await state.close()
  })
  after(() => nodes.remove())
  const environment = () => ({ ...nodes.environment(), WEIR_STORE: 'parquet', WEIR_DATA: data })
  const ask = (sql: string) => nodes.nodes[0]!.ask(sql)
  const totals = async () => {
    const rows: Record<string, number> = {}
    for (const tier of ['5m', '30m', '2h', '1d'])
      rows[tier] = Number(
        await ask(`SELECT sum(bytes) FROM weir.series_${tier} FINAL WHERE measurement = 'total'`),
      )
    return rows
  }

  test('killed twice and run again: every flow and every step once', async () => {
    for (const ms of [2500, 5000]) {
      const child = spawn(process.execPath, ['cli/weir.js', 'migrate', '--to', 'clickhouse'], {
        env: { ...process.env, ...environment() },
        stdio: 'ignore',
      })
      const closed = once(child, 'close')
      await Promise.race([sleep(ms), closed])
      child.kill('SIGKILL')
      await closed
    }
    const { code, stdout, stderr } = await runWeir(['migrate', '--to', 'clickhouse'], environment())
    assert.equal(code, 0, stderr)
    assert.match(
      stdout,
      new RegExp(`with ${flows} flows, ${bytes} bytes and \\d+ packets are in ClickHouse`),
    )
    assert.doesNotMatch(stdout, /stay/)
    const counted = await ask(
      `SELECT count(), sum(octetDeltaCount * samplingInterval) FROM weir.flows
       WHERE (interval, file) IN (SELECT interval, file FROM weir.flow_files FINAL WHERE is_live = 1)`,
    )
    assert.equal(counted, `${flows}\t${bytes}`)
    assert.deepEqual(await totals(), { '5m': bytes, '30m': bytes, '2h': bytes, '1d': bytes })
    const again = await runWeir(['migrate', '--to', 'clickhouse'], environment())
    assert.match(again.stdout, /5m: 0 steps, 0 rows copied/)
    assert.match(again.stdout, /dashboards and the like: 0 documents copied, 2 were there/)
    const kept = await ask(
      "SELECT id FROM weir.state FINAL WHERE collection = 'dashboards' ORDER BY id",
    )
    assert.equal(kept, 'desk\nwall')
  })

  test('and back: the series are the same as before', async () => {
    const before = await seriesSums(data)
    await rm(join(data, 'series'), { recursive: true })
    await rm(join(data, 'state', 'dashboards.jsonl'))
    const { code, stdout, stderr } = await runWeir(['migrate', '--to', 'parquet'], environment())
    assert.equal(code, 0, stderr)
    assert.match(stdout, /1d: \d+ steps, \d+ rows copied/)
    assert.deepEqual(await seriesSums(data), before)
    const dashboards = await new StateReader(data).list('dashboards')
    assert.deepEqual(dashboards.map(({ id }) => id).toSorted(), ['desk', 'wall'])
  })

  test('a step that already differs is reported and left unchanged; another target is refused', async () => {
    await ask(`INSERT INTO weir.series_1d (measurement, time, exporter, writer, direction, bytes, known, version)
      SELECT measurement, time, exporter, writer, direction, bytes + 1, known, version + 1
      FROM weir.series_1d FINAL WHERE measurement IN ('total', 'coverage')`)
    await rm(join(data, 'clickhouse', 'migrated-to-clickhouse.jsonl'), { force: true })
    const { code, stdout } = await runWeir(['migrate', '--to', 'clickhouse'], environment())
    assert.equal(code, 0)
    assert.match(
      stdout,
      /1d: 0 steps, 0 rows copied in .* 1 steps were there already with other figures and are kept/,
    )
    const wrong = await runWeir(['migrate', '--to', 'somewhere'], environment())
    assert.match(wrong.stderr, /write --to clickhouse or --to parquet/)
  })
})

test(
  'generated flows and series there and back, killed twice: every interval and step is equal',
  { skip: skipWithoutClickHouse() },
  (t) => migrateGenerated(t, { flows: 10_000, days: 0.5, hosts: 2, part: 0.004 }),
)
