/**
 * Nodes of 2 shards × 2 replicas are killed and restarted: no answer is silently incomplete, and in
 * the end every replica has each row once.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { NetworkSet } from '../../../flow/address.ts'
import { openClickHouseFlows } from '../../../store/clickhouse/flows.ts'
import { openClickHouseSeriesReader } from '../../../store/clickhouse/series.ts'
import type { SeriesReader, StepRows } from '../../../store/series.ts'
import { StoreFault } from '../../../store/spool/fault.ts'
import { RunningClickHouse } from '../../clickhouse.ts'
import { settled, stepInVersion } from '../../fault/influx-outlive.ts'
import { skipWithoutClickHouse } from '../../setup/clickhouse.ts'
import { openEmpty } from './clickhouse-under-test.ts'
import { dayMs, plain, tiers } from '../series-rows.ts'

const tier = tiers['5m']
const exporter = '192.0.2.1'
/** A query has 30 seconds. */
const answeredMsMax = 15_000
const day = Math.floor(Date.now() / dayMs) * dayMs - 3 * dayMs
const times = Array.from({ length: 24 }, (_, i) => day + i * tier.stepMs)
const range = { tier, from: day, to: day + dayMs }

describe('ClickHouse nodes that die', { skip: skipWithoutClickHouse() }, () => {
  let nodes: RunningClickHouse
  let held: Awaited<ReturnType<typeof openEmpty>>
  let reader: SeriesReader
  before(async () => {
    nodes = await RunningClickHouse.start({ shards: 2, replicas: 2 })
    held = await openEmpty(nodes)
    reader = await openClickHouseSeriesReader(held.settings)
  })
  after(async () => {
    await reader.close()
    await held.store.close()
    await held.remove()
    await nodes.remove()
  })

  const write = async (version: number) => {
    const made = times.map((time) => stepInVersion(time, version, 100))
    await held.store.write(tier, made)
    return made
  }
  const found = async () => {
    const steps: StepRows[] = []
    for await (const step of reader.steps({ ...range, exporter })) steps.push(step)
    return plain(steps)
  }
  /** All valid rows of a node, as one number. */
  const contents = (node: RunningClickHouse['nodes'][number]) =>
    node.ask(
      `SELECT count(), sum(cityHash64(measurement, time, host, direction, bytes, version))
       FROM ${held.settings.database}.series_5m_local FINAL`,
    )

  test('one replica down: answers are complete, writes wait, and then both have each row once', async () => {
    const first = await write(1)
    await settled(held.store)
    assert.deepEqual(await found(), plain(first))
    await nodes.nodes[1]!.kill()
    assert.deepEqual(await found(), plain(first))
    const second = await write(2)
    await assert.doesNotReject(found())
    await nodes.nodes[1]!.start()
    await settled(held.store)
    assert.deepEqual(await found(), plain(second))
    const [a, b, c, d] = await Promise.all(nodes.nodes.map(contents))
    assert.equal(a, b)
    assert.equal(c, d)
    assert.notEqual(a, c, 'steps lie in both shards')
  })

  test('a node hangs: the next one answers within seconds', async () => {
    const expected = await found()
    const hung = nodes.nodes[0]!
    const fresh = await openClickHouseSeriesReader(held.settings)
    hung.signal('SIGSTOP')
    try {
      const asked = performance.now()
      const steps: StepRows[] = []
      for await (const step of fresh.steps({ ...range, exporter })) steps.push(step)
      const tookMs = performance.now() - asked
      assert.deepEqual(plain(steps), expected)
      assert.ok(tookMs < answeredMsMax, `answered after ${Math.round(tookMs)} ms`)
    } finally {
      hung.signal('SIGCONT')
      await fresh.close()
    }
  })

  test('a whole shard down: queries fail, and none is answered in part', async () => {
    const expected = await found()
    for (const node of nodes.nodes.slice(2)) await node.kill()
    const flows = await openClickHouseFlows({
      settings: held.settings,
      local: new NetworkSet([]),
      keepMs: dayMs,
      tier,
    })
    const isFault = (error: unknown) => error instanceof StoreFault && error.statusCode === 503
    await assert.rejects(found(), isFault)
    const query = { ...range, measurement: 'host', by: ['host'], keys: [] } as const
    await assert.rejects(reader.read(query), isFault)
    await assert.rejects(reader.top({ ...query, order: 'bytes', limit: 3 }), isFault)
    await assert.rejects(reader.coverage(range), isFault)
    const window = { from: day, to: day + dayMs, include: 'any' } as const
    await assert.rejects(flows.top({ ...window, by: ['src'], order: 'bytes', limit: 3 }), isFault)
    await flows.close()
    const third = await write(3)
    for (const node of nodes.nodes.slice(2)) await node.start()
    await settled(held.store)
    assert.notDeepEqual(plain(third), expected)
    assert.deepEqual(await found(), plain(third))
  })
})
