import assert from 'node:assert/strict'
import { readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

import { NetworkSet } from '../../../flow/address.ts'
import { intervalMs } from '../../../flow/interval.ts'
import { Archive } from '../../../store/archive/archive.ts'
import { manifestName, type ArchiveEntry } from '../../../store/archive/entry.ts'
import { openFlowStore } from '../../../store/archive/query.ts'
import { QueryTooLarge } from '../../../store/query-error.ts'
import { ManifestReader } from '../../../store/manifest/reader.ts'
import { scratchFolder } from '../../processes.ts'
import { archive, columnsOf, t0, testFlow, type TestFlow } from './archived.ts'

const local = new NetworkSet([])
const window = { from: t0, to: t0 + 4 * intervalMs, include: 'any' } as const
const byBytes = { by: ['dst'], order: 'bytes', limit: 10 } as const

async function files(folder: string): Promise<string[]> {
  const entries = await new ManifestReader<ArchiveEntry>(join(folder, manifestName)).entries()
  return entries.toSorted((a, b) => a.interval - b.interval).map(({ file }) => join(folder, file))
}

/** One flow of 1000 bytes in each of three intervals, each in its own file. */
async function threeFiles(folder: string): Promise<string[]> {
  const flows = [0, 1, 2].map((i) => [testFlow({ first: t0 + i * intervalMs })])
  await archive(folder, ...flows)
  return files(folder)
}

test('an empty folder answers that nothing is there, and later with what comes', async () => {
  const folder = join(await scratchFolder(), 'archive')
  const store = await openFlowStore(folder, { local })
  assert.deepEqual(await store.extent(t0, t0 + 1), { rows: 0, first: null, last: null })
  assert.deepEqual((await store.top({ ...window, ...byBytes })).total, {
    bytes: 0,
    packets: 0,
    flows: 0,
  })
  assert.equal((await store.list({ ...window, order: 'first', limit: 1 })).flows.length, 0)
  const series = { ...window, stepMs: 60_000, by: [], top: 8, order: 'bytes' } as const
  assert.deepEqual((await store.series(series)).keys, [{}])
  await archive(folder, [testFlow({ octets: 7 })])
  assert.equal((await store.top({ ...window, ...byBytes })).total.bytes, 7)
  await store.close()
})

const breakages: Record<string, (file: string) => Promise<void>> = {
  'is cut short': (file) => truncate(file, 100),
  'is empty': (file) => truncate(file, 0),
  'is gone': (file) => rm(file),
  'is no Parquet': (file) => writeFile(file, 'x'.repeat(5000)),
  'is damaged inside': async (file) => {
    const bytes = await readFile(file)
    bytes.fill(0xff, 4, bytes.length / 2)
    await writeFile(file, bytes)
  },
}

for (const [what, damage] of Object.entries(breakages))
  test(`a file that ${what} is left out and reported, and the rest is answered`, async () => {
    const folder = await scratchFolder()
    const [, second] = await threeFiles(folder)
    await damage(second!)
    const store = await openFlowStore(folder, { local })
    for (const { total } of [
      await store.top({ ...window, ...byBytes }),
      await store.top({ ...window, ...byBytes }),
    ])
      assert.deepEqual(total, { bytes: 2000, packets: 20, flows: 2 })
    const { problems } = await store.health!()
    assert.equal(problems.length, 1)
    assert.ok(problems[0]!.includes(second!.slice(folder.length + 1)), problems[0])
    await store.close()
  })

test('files merged by the writer in the meantime are read under their new name', async () => {
  const folder = await scratchFolder()
  const writer = await Archive.open(folder)
  for (let i = 0; i < 3; i++) {
    writer.add(columnsOf([testFlow({ first: t0 + i })]))
    await writer.publish({})
  }
  const store = await openFlowStore(folder, { local })
  assert.equal((await store.top({ ...window, ...byBytes })).total.flows, 3)
  const before = await files(folder)
  await writer.merge(Number.POSITIVE_INFINITY)
  for (const file of before) await rm(file)
  assert.equal((await store.top({ ...window, ...byBytes })).total.flows, 3)
  assert.deepEqual((await store.health!()).problems, [])
  await store.close()
  await writer.close()
})

test('a file under the name of one that is gone is read as what it is', async () => {
  const folder = await scratchFolder()
  const writer = await Archive.open(folder, { listedRowsMin: 1 })
  const store = await openFlowStore(folder, { local, heldRows: 0 })
  const limits = { keepMs: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY }
  const add = async (flows: readonly Partial<TestFlow>[]) => {
    writer.add(columnsOf(flows.map((flow) => testFlow(flow))))
    await writer.publish({})
    await writer.merge(Number.POSITIVE_INFINITY)
    return (await files(folder)).at(-1)!
  }
  const first = await add([{ octets: 1 }])
  assert.equal((await store.top({ ...window, ...byBytes })).total.bytes, 1)
  await writer.expire({ ...limits, maxBytes: 0, now: Date.now() })
  await writer.expire({ ...limits, now: Date.now() + 601_000 })
  const port = (sourcePort: number) => ({ octets: 2 ** 20 + sourcePort, sourcePort })
  const second = await add(Array.from({ length: 300 }, (_, i) => port(i)))
  assert.equal(second, first)
  const bytes = 300 * 2 ** 20 + (299 * 300) / 2
  for (const by of ['dst', 'srcport', 'host'] as const) {
    const { total } = await store.top({ ...window, ...byBytes, by: [by] })
    assert.equal(total.bytes, by === 'host' ? 2 * bytes : bytes, by)
  }
  assert.deepEqual((await store.health!()).problems, [])
  await store.close()
  await writer.close()
})

test('extent returns what is kept, and how many rows of the manifest overlap a window', async () => {
  const folder = await scratchFolder()
  await archive(
    folder,
    [testFlow({ first: t0 - 5000, last: t0 + 1000 }), testFlow({ first: t0 })],
    [testFlow({ first: t0 + intervalMs, last: t0 + intervalMs + 10 })],
  )
  const store = await openFlowStore(folder, { local })
  const kept = { first: t0 - 5000, last: t0 + intervalMs + 10 }
  assert.deepEqual(await store.extent(t0, t0 + 2 * intervalMs), { rows: 3, ...kept })
  assert.deepEqual(await store.extent(t0, t0 + 500), { rows: 2, ...kept })
  assert.deepEqual(await store.extent(t0 + intervalMs + 11, t0 + 2 * intervalMs), {
    rows: 0,
    ...kept,
  })

  const writer = await Archive.open(folder)
  await writer.expire({ keepMs: 1000, maxBytes: 1e9, now: t0 + 2 * intervalMs })
  await writer.close()
  const left = { first: t0 + intervalMs, last: t0 + intervalMs + 10 }
  assert.deepEqual(await store.extent(t0, t0 + 2 * intervalMs), { rows: 1, ...left })
  await store.close()
})

test('a query over its time limit is refused with what to ask instead', async () => {
  const folder = await scratchFolder()
  await threeFiles(folder)
  const store = await openFlowStore(folder, { local, queryMs: 0 })
  await assert.rejects(store.top({ ...window, ...byBytes }), (error: unknown) => {
    assert.ok(error instanceof QueryTooLarge)
    assert.match(error.message, /took more than/)
    assert.match(error.remedy, /shorter time/)
    return true
  })
  await store.close()
})

test('closing a store stops its running queries and waits for them', async () => {
  const folder = await scratchFolder()
  await threeFiles(folder)
  for (let i = 0; i < 30; i++) {
    const store = await openFlowStore(folder, { local })
    const asked = [
      store.top({ ...window, ...byBytes }),
      store.list({ ...window, order: 'first', limit: 1 }),
    ]
    const ends = Promise.allSettled(asked)
    // Some have yet to begin, some wait for a connection, some are running.
    await delay(i % 10)
    await store.close()
    for (const end of await ends)
      if (end.status === 'rejected') assert.match(String(end.reason), /closed/)
    await assert.rejects(store.list({ ...window, order: 'first', limit: 1 }), /being closed/)
  }
})

test('flows that would fall into too many steps are refused', async () => {
  const folder = await scratchFolder()
  const dayMs = 86_400_000
  // 1,300 flows of a day each, at steps of a second: 112 million parts.
  const flows = Array.from({ length: 1300 }, () => testFlow({ first: t0, last: t0 + dayMs }))
  await archive(folder, flows)
  const store = await openFlowStore(folder, { local })
  const series = {
    from: t0,
    to: t0 + dayMs,
    include: 'any',
    by: [],
    top: 8,
    order: 'bytes',
  } as const
  await assert.rejects(store.series({ ...series, stepMs: 1000 }), (error: unknown) => {
    assert.ok(error instanceof QueryTooLarge)
    assert.match(error.message, /more than 100000000 parts at steps of 1 s/)
    assert.match(error.remedy, /longer step/)
    return true
  })
  const answer = await store.series({ ...series, stepMs: 3_600_000 })
  assert.equal(answer.count, 24)
  await store.close()
})
