/** Files of the series that cannot be read: left out, told, and made again. */
import assert from 'node:assert/strict'
import { readdir, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import { openParquetSeries, openParquetSeriesReader } from '../../../store/parquet/series.ts'
import type { ParquetSeries } from '../../../store/parquet/store.ts'
import { scratchFolder } from '../../processes.ts'
import { coverageOf, dayMs, hourMs, stepOf, tiers } from '../series-rows.ts'

const origin = Date.UTC(2026, 10, 16)
const tier = tiers['5m']
const exporter = '192.0.2.1'

function steps(from: number, count: number) {
  return Array.from({ length: count }, (_, i) =>
    stepOf(coverageOf(from + i * tier.stepMs, exporter), {
      total: [{ direction: 'in', bytes: 1 }],
    }),
  )
}

test('a file left out is told once by each reader, over restarts, until its steps are written again or expire', async (t) => {
  const folder = await scratchFolder()
  const reader = await openParquetSeriesReader(folder)
  t.after(() => reader.close())
  const totals = join(folder, '5m', 'total')
  const damage = async () => {
    for (const name of await readdir(totals))
      if (name.endsWith('.parquet')) await truncate(join(totals, name), 40)
  }
  const reopened = async (store: ParquetSeries) => {
    await store.close()
    return openParquetSeries(folder)
  }
  const told = async (store: ParquetSeries) =>
    Promise.all([store, reader].map(async (each) => (await each.problems()).length))
  let store = await openParquetSeries(folder)
  await store.write(tier, steps(origin, 3))
  await damage()
  await reader.read({ tier, from: origin, to: origin + dayMs, measurement: 'total', by: [], keys: [] }) // prettier-ignore
  assert.deepEqual(await told(store), [0, 1])
  for (const _ of ['found', 'kept']) {
    store = await reopened(store)
    assert.deepEqual(await told(store), [1, 1])
  }
  await store.write(tier, [...steps(origin, 2), ...steps(origin + 3 * tier.stepMs, 9)])
  assert.deepEqual(await told(store), [1, 1], 'the third step is still missing')
  await store.write(tier, steps(origin + 2 * tier.stepMs, 1))
  assert.deepEqual(await told(store), [0, 0])
  await damage()
  store = await reopened(store)
  assert.deepEqual(await told(store), [1, 1])
  await store.expire(tier, origin + hourMs)
  assert.deepEqual(await told(store), [0, 0])
  await store.close()
})

test('a damaged file does not keep the others of its day from being joined', async (t) => {
  const folder = await scratchFolder()
  const store = await openParquetSeries(folder)
  t.after(() => store.close())
  await store.write(tier, [...steps(origin, 12), ...steps(origin + hourMs, 12)])
  const totals = join(folder, '5m', 'total')
  const [bad] = (await readdir(totals)).sort()
  await writeFile(join(totals, bad!), Buffer.alloc((await stat(join(totals, bad!))).size, 7))
  await store.write(tier, steps(origin + 2 * dayMs, 1))
  // Joining follows the write, and the next call waits for it.
  await store.expire(tier, 0)
  const [problem] = await store.problems()
  assert.ok(problem?.startsWith(`series file 5m/total/${bad} is left out: `), problem)
  const times = (await store.coverage({ tier, from: origin, to: origin + dayMs })).map(({ time }) => time) // prettier-ignore
  assert.deepEqual(
    times,
    Array.from({ length: 12 }, (_, i) => origin + hourMs + i * tier.stepMs),
  )
  const joined = await readdir(join(folder, '5m', 'coverage'))
  assert.ok(
    joined.some((file) => file.startsWith('2026-11-16-')),
    joined.join(' '),
  )
})
