import assert from 'node:assert/strict'
import { test } from 'node:test'

import { openParquetSeries } from '../../store/parquet/series.ts'
import { makeSeriesData } from '../bench/series-data.ts'
import { measureSeries } from '../bench/series-speed.ts'
import { scratchFolder } from '../processes.ts'
import { coverageOf, dayMs, hourMs, stepOf, tiers } from './series-rows.ts'

test('the series generated for speed tests are as the store itself would hold them', async () => {
  const folder = await scratchFolder()
  const end = Date.UTC(2026, 10, 16, 7, 30)
  const lengths = [
    { tier: tiers['5m'], lengthMs: 3 * dayMs },
    { tier: tiers['1d'], lengthMs: 40 * dayMs },
  ]
  await makeSeriesData({ folder, end, hosts: 20, tiers: lengths })
  const store = await openParquetSeries(folder)
  const tier = tiers['5m']
  assert.deepEqual(await store.problems(), [])
  assert.deepEqual(await store.extent(tier), { from: end - 3 * dayMs, to: end - tier.stepMs })
  const range = {
    tier,
    from: end - hourMs,
    to: end,
    measurement: 'host' as const,
    by: ['host'] as const,
  }
  const before = await store.top({ ...range, order: 'bytes', limit: 99 })
  assert.equal(before.length, 20)
  const read = await store.read({ ...range, keys: before.slice(0, 8).map(({ key }) => key) })
  assert.equal(read.count, 12 * 9)
  const total = (sums: Iterable<number>) => [...sums].reduce((a, b) => a + b, 0)
  assert.equal(total(read.sum.bytes), total(before.map(({ sum }) => sum.bytes)))
  await store.write(tier, [stepOf(coverageOf(end - tier.stepMs, '192.0.2.1'), {})])
  assert.equal((await store.read({ ...range, keys: [] })).count, 11)
  await store.close()
  assert.equal((await measureSeries(folder)).length, 2)
})
