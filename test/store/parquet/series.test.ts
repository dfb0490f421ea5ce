import assert from 'node:assert/strict'
import { mkdir, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

import {
  openParquetSeries,
  openParquetSeriesReader,
  type ParquetSeriesOptions,
} from '../../../store/parquet/series.ts'
import { scratchFolder } from '../../processes.ts'
import { seriesContract } from '../series-contract.ts'
import { coverageOf, dayMs, hourMs, minuteMs, plain, stepOf, tiers } from '../series-rows.ts'

const origin = Date.UTC(2026, 10, 16)
const tier = tiers['5m']
const exporter = '192.0.2.1'

seriesContract(
  'Parquet',
  async () => {
    const folder = await scratchFolder()
    let store = await openParquetSeries(folder)
    return {
      store,
      reopen: async () => {
        await store.close()
        return (store = await openParquetSeries(folder))
      },
      remove: () => rm(folder, { recursive: true }),
    }
  },
  { origin },
)

async function opened(t: TestContext, options: ParquetSeriesOptions = {}) {
  const folder = await scratchFolder()
  const store = await openParquetSeries(folder, options)
  t.after(() => store.close())
  return { folder, store }
}

/** Names of published files below a folder, without their version. */
async function published(folder: string, table: string): Promise<string[]> {
  const files = await readdir(join(folder, '5m', table)).catch(() => [])
  return files.map((file) => file.replace(/-[^-]+\.parquet$/, '')).sort()
}

function steps(from: number, count: number, bytes = 1) {
  return Array.from({ length: count }, (_, i) =>
    stepOf(coverageOf(from + i * tier.stepMs, exporter), {
      total: [{ direction: 'in', bytes }],
      host: [
        { host: '10.0.0.1', direction: 'in', bytes },
        { host: '10.0.0.2', direction: 'in', bytes },
      ],
    }),
  )
}

test('files and folders are accessible to their owner only', async (t) => {
  const { folder, store } = await opened(t)
  await store.write(tier, steps(origin, 1))
  for (const name of await readdir(folder, { recursive: true })) {
    const { mode } = await stat(join(folder, name))
    assert.equal(mode & 0o077, 0, name)
  }
})

test('hours are joined into quarters of a day and days once they have settled, without other changes', async (t) => {
  let now = origin
  const { folder, store } = await opened(t, { now: () => now })
  const day = [origin, origin + dayMs] as const
  for (let hour = 0; hour < 24; hour += 4)
    await store.write(tier, steps(origin + hour * hourMs, 12))
  await store.expire(tier, 0)
  now += 11 * minuteMs
  await store.expire(tier, 0)
  const quarters = ['2026-11-16T00', '2026-11-16T06', '2026-11-16T12', '2026-11-16T20']
  assert.deepEqual(await published(folder, 'host'), quarters)
  const query = {
    tier,
    from: day[0],
    to: day[1],
    measurement: 'host' as const,
    by: ['host'] as const,
    keys: [],
  }
  const before = await store.read(query)
  await store.write(tier, steps(origin + 2 * dayMs, 1))
  // Joining follows the write, and the next call waits for it.
  await store.expire(tier, 0)
  now += 11 * minuteMs
  await store.expire(tier, 0)
  assert.deepEqual(await published(folder, 'host'), ['2026-11-16', '2026-11-18T00'])
  assert.deepEqual(await store.read(query), before)
  // A late flow rewrites a settled day.
  await store.write(tier, steps(origin + 4 * hourMs, 1, 50))
  assert.equal((await store.read({ ...query, from: origin + 4 * hourMs })).sum.bytes[0], 100)
  assert.deepEqual(await store.problems(), [])
})

test('a write of whole days, long past, makes one file per day at once', async (t) => {
  const { folder, store } = await opened(t)
  await store.write(tier, steps(origin, 288 * 4))
  const files = await published(folder, 'coverage')
  assert.deepEqual(files.slice(0, 4), ['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19T00'])
})

test('coarser steps long past get one file per day at once, although they come in order of time', async (t) => {
  const { folder, store } = await opened(t)
  await store.write(tier, steps(origin + 4 * dayMs, 1))
  const half = Array.from({ length: 48 }, (_, i) =>
    stepOf(coverageOf(origin + i * tiers['30m'].stepMs, exporter), {}),
  )
  await store.write(tiers['30m'], half)
  const files = await readdir(join(folder, '30m', 'coverage'))
  assert.deepEqual(files.map((file) => file.replace(/-[^-]+$/, '')), ['2026-11-16']) // prettier-ignore
})

test('replaced files stay ten minutes for readers of an older manifest', async (t) => {
  let now = origin
  const { folder, store } = await opened(t, { now: () => now })
  for (let i = 0; i < 3; i++) await store.write(tier, steps(origin, 1, i))
  assert.equal((await published(folder, 'host')).length, 3)
  now += 9 * minuteMs
  await store.write(tier, steps(origin, 1, 9))
  assert.equal((await published(folder, 'host')).length, 4)
  now += 2 * minuteMs
  await store.write(tier, steps(origin, 1, 10))
  // The last two replacements are less than ten minutes old.
  assert.equal((await published(folder, 'host')).length, 3)
})

test('a reader in the same folder follows the writer, from before the first write', async (t) => {
  const folder = await scratchFolder()
  const reader = await openParquetSeriesReader(join(folder, 'series'))
  assert.equal(await reader.extent(tier), null)
  const range = { tier, from: origin, to: origin + dayMs }
  assert.deepEqual(await reader.coverage(range), [])
  const store = await openParquetSeries(join(folder, 'series'))
  t.after(async () => {
    await reader.close()
    await store.close()
  })
  for (const bytes of [3, 4]) {
    await store.write(tier, steps(origin, 2, bytes))
    const query = { ...range, measurement: 'host' as const, by: ['host'] as const }
    const answers = await Promise.all([
      reader.top({ ...query, order: 'bytes', limit: 1 }),
      reader.top({ ...query, order: 'bytes', limit: 1 }),
      reader.read({ ...query, keys: [] }),
    ])
    assert.equal(answers[0][0]?.sum.bytes, 2 * bytes)
    assert.deepEqual(answers[1], answers[0])
    assert.deepEqual([...answers[2].sum.bytes], [2 * bytes, 2 * bytes])
  }
})

for (const damage of ['cut short', 'overwritten', 'deleted'] as const)
  test(`a file that is ${damage} shows as a gap, and the rest is answered`, async (t) => {
    const { folder, store } = await opened(t)
    const reader = await openParquetSeriesReader(folder)
    t.after(() => reader.close())
    await store.write(tier, [...steps(origin, 12), ...steps(origin + hourMs, 12)])
    const [bad] = (await readdir(join(folder, '5m', 'host'))).sort()
    const path = join(folder, '5m', 'host', bad!)
    if (damage === 'cut short') await truncate(path, 100)
    else if (damage === 'deleted') await rm(path)
    else await writeFile(path, Buffer.alloc((await stat(path)).size, 7))
    const query = { tier, from: origin, to: origin + dayMs, measurement: 'host' as const, by: [] }
    const range = { tier, from: origin, to: origin + dayMs }
    for (const asked of [reader, store]) {
      const read = await asked.read({ ...query, keys: [] })
      assert.equal(read.count, 12)
      assert.equal(read.time[0], origin + hourMs)
      const [problem, ...more] = await asked.problems()
      assert.ok(problem?.startsWith(`series file 5m/host/${bad} is left out: `))
      assert.deepEqual(more, [])
      assert.equal((await asked.coverage(range))[0]?.time, origin + hourMs)
    }
    const files = await readdir(join(folder, '5m', 'host'))
    assert.equal(files.includes(`${bad}.bad`), damage !== 'deleted')
    await store.write(tier, steps(origin, 12, 5))
    assert.equal((await store.read({ ...query, keys: [] })).count, 24)
    assert.equal((await reader.coverage(range)).length, 24)
    assert.deepEqual(await store.problems(), [])
    assert.deepEqual(await reader.problems(), [])
  })

test('a damaged file is found when it is written to, or at the next start', async () => {
  const folder = await scratchFolder()
  let store = await openParquetSeries(folder)
  const range = { tier, from: origin, to: origin + dayMs }
  const truncateAll = async () => {
    const totals = join(folder, '5m', 'total')
    for (const name of await readdir(totals))
      if (name.endsWith('.parquet')) await truncate(join(totals, name), 40)
  }
  await store.write(tier, steps(origin, 2))
  await truncateAll()
  const later = origin + 2 * tier.stepMs
  await store.write(tier, steps(later, 1, 7))
  assert.deepEqual(
    (await store.problems()).map((problem) => problem.slice(0, 20)),
    ['series file 5m/total'],
  )
  assert.deepEqual(
    (await store.coverage(range)).map(({ time }) => time),
    [later],
  )
  await store.close()
  await truncateAll()
  store = await openParquetSeries(folder)
  assert.match((await store.problems())[1]!, /: has 40 bytes and was made with \d+$/)
  assert.deepEqual(await store.coverage(range), [])
  await store.close()
})

test('series that have lost their manifest are refused, and their files stay', async () => {
  const folder = await scratchFolder()
  const store = await openParquetSeries(folder)
  await store.write(tier, steps(origin, 1))
  await store.close()
  await rm(join(folder, 'manifest.jsonl'))
  await assert.rejects(openParquetSeries(folder), /manifest\.jsonl is missing or empty, but there/)
  assert.deepEqual(await published(folder, 'host'), ['2026-11-16T00'])
})

test('files in no manifest are deleted at the start', async () => {
  const folder = await scratchFolder()
  let store = await openParquetSeries(folder)
  await store.write(tier, steps(origin, 1))
  await store.close()
  await writeFile(join(folder, '5m', 'host', 'stray.parquet'), 'x')
  await writeFile(join(folder, 'staging', 'left.part'), 'x')
  store = await openParquetSeries(folder)
  const files = await readdir(folder, { recursive: true })
  assert.deepEqual(
    files.filter((file) => /stray|left/.test(file)),
    [],
  )
  const back: unknown[] = []
  const range = { tier, from: origin, to: origin + dayMs, exporter }
  for await (const step of store.steps(range)) back.push(...plain([step]))
  assert.deepEqual(back, plain(steps(origin, 1)))
  await store.close()
})

test('reading that a close meets finds no file unreadable', async () => {
  const folder = await scratchFolder()
  const range = { tier, from: origin, to: origin + hourMs }
  const store = await openParquetSeries(folder)
  await store.write(tier, steps(origin, 3))
  const readings = Array.from({ length: 6 }, () => Array.fromAsync(store.steps({ ...range, exporter }))) // prettier-ignore
  const read = Promise.allSettled(readings)
  await delay(1)
  await store.close()
  assert.ok((await read).some(({ status }) => status === 'rejected'))
  const again = await openParquetSeries(folder)
  assert.equal((await again.coverage(range)).length, 3)
  assert.deepEqual(await again.problems(), [])
  await again.close()
})

test('a failing disk leaves everything unchanged, and is reported', async (t) => {
  const { folder, store } = await opened(t)
  await store.write(tier, steps(origin, 1))
  await rm(join(folder, 'staging'), { recursive: true })
  await writeFile(join(folder, 'staging'), 'in the way')
  await assert.rejects(store.write(tier, steps(origin, 1, 9)), /staging/)
  const range = { tier, from: origin, to: origin + dayMs, measurement: 'total' as const }
  assert.deepEqual([...(await store.read({ ...range, by: [], keys: [] })).sum.bytes], [1])
  await rm(join(folder, 'staging'))
  await mkdir(join(folder, 'staging'))
  await store.write(tier, steps(origin, 1, 9))
  assert.deepEqual([...(await store.read({ ...range, by: [], keys: [] })).sum.bytes], [9])
})
