/** Files held in memory: read once, bounded, released; and with the contents that were written. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import * as fc from 'fast-check'

import { NetworkSet, parseNetwork } from '../../../flow/address.ts'
import { flowsOf, HeldFiles, type HeldFlows } from '../../../store/archive/held/held-files.ts'
import { TopThread } from '../../../store/archive/held/thread.ts'
import { openFlowStore } from '../../../store/archive/query.ts'
import { QueryEngine } from '../../../store/archive/sql/query-engine.ts'
import { ReadableFiles } from '../../../store/archive/readable-files.ts'
import { fieldNames } from '../../../store/measurement.ts'
import { scratchFolder } from '../../processes.ts'
import { until } from '../../until.ts'
import { archive, t0, testFlow } from './archived.ts'
import { addresses, generatedFlow as flow } from './generated-flows.ts'

const limits = { threads: 1, memoryBytes: 256 * 2 ** 20, queryMs: 10_000 }

/** An archive of three files with 2, 3 and 4 flows, and an engine that counts its queries. */
async function threeFiles(t: TestContext) {
  const folder = await scratchFolder()
  const lists = [2, 3, 4].map(
    (count, i) =>
    Array.from({ length: count }, (_, n) => testFlow({ first: t0 + i * 1000 + n, received: t0 + i * 1000 + n })), // prettier-ignore
  )
  await archive(folder, ...lists)
  const engine = await QueryEngine.open(folder, limits)
  t.after(() => engine.close())
  const entries = [...(await new ReadableFiles(folder).entries())].sort((a, b) => a.rows - b.rows)
  let asked = 0
  const read: ConstructorParameters<typeof HeldFiles>[0] = (path) => {
    asked++
    return engine.query(undefined, (session) => flowsOf(session, path))
  }
  const paths = entries.map(({ file }) => join(folder, file)) as [string, string, string]
  return { paths, read, reads: () => asked }
}

test('a file is read once, even by two simultaneous queries', async (t) => {
  const { paths, read, reads } = await threeFiles(t)
  const held = new HeldFiles(read)
  const [one, other] = await Promise.all([held.take(paths[0]), held.take(paths[0])])
  assert.equal(one, other)
  assert.equal(await held.take(paths[0]), one)
  assert.equal(reads(), 1)
  assert.deepEqual([...one.first], [t0, t0 + 1])
})

test('beyond the row limit, the least recently used files are released', async (t) => {
  const { paths, read, reads } = await threeFiles(t)
  const held = new HeldFiles(read, { rowsMax: 7, keptMs: 60_000 })
  for (const path of paths) await held.take(path)
  assert.equal(reads(), 3)
  await held.take(paths[1])
  await held.take(paths[2])
  assert.equal(reads(), 3, 'the second and third are there: 7 rows')
  await held.take(paths[0])
  assert.equal(reads(), 4, 'the first had gone')
  await held.take(paths[2])
  assert.equal(reads(), 4)
  await held.take(paths[1])
  assert.equal(reads(), 5, 'and the second went for it')
})

test('an unused file is released', async (t) => {
  const { paths, read, reads } = await threeFiles(t)
  let released = 0
  const held = new HeldFiles(read, { rowsMax: 100, keptMs: 20, onEvict: () => released++ })
  await held.take(paths[0])
  await until(() => released === 1)
  await held.take(paths[0])
  assert.equal(reads(), 2)
})

test('an unreadable file is no longer held, so that it is tried again', async (t) => {
  const { paths, read } = await threeFiles(t)
  let isBroken = true
  const held = new HeldFiles((path) =>
    isBroken ? Promise.reject(new Error('the disk is away')) : read(path),
  )
  await assert.rejects(held.take(paths[0]), /the disk is away/)
  isBroken = false
  assert.equal((await held.take(paths[0])).flows.count, 2)
})

test('zero-length flows, which a file marks as a whole, keep their times', async () => {
  const folder = await scratchFolder()
  const flows = [0, 1, 2].map((n) => testFlow({ first: t0 + n * 1000, octets: 100 * (n + 1) }))
  await archive(folder, flows)
  for (const heldRows of [0, 1000]) {
    const store = await openFlowStore(folder, { local: new NetworkSet([]), heldRows })
    const window = { from: t0, to: t0 + 3000, include: 'any' } as const
    const { time, sum } = await store.series({ ...window, stepMs: 1000, by: [], top: 1, order: 'bytes' }) // prettier-ignore
    assert.deepEqual([...time], [t0, t0 + 1000, t0 + 2000])
    assert.deepEqual([...sum.bytes], [100, 200, 300])
    const { rows } = await store.top({ ...window, by: ['src'], order: 'bytes', limit: 1 })
    assert.deepEqual([rows[0]!.first, rows[0]!.last, rows[0]!.peers], [t0, t0 + 2000, 1])
    await store.close()
  }
})

test('too many lines to add up in parallel, and counts too large for doubles, are left to SQL', async () => {
  const folder = await scratchFolder()
  const hosts = Array.from({ length: 9 }, (_, n) => `192.0.2.${n + 1}`)
  const octets = Number.MAX_SAFE_INTEGER
  await archive(
    folder,
    hosts.map((source, n) => testFlow({ first: t0 + n, source, octets: 100 })),
    hosts.map((source, n) => testFlow({ first: t0 + 2_000_000 + n, source, octets })),
  )
  const [inSql, held] = await Promise.all(
    [0, 1000].map((heldRows) => openFlowStore(folder, { local: new NetworkSet([]), heldRows })),
  )
  const asked = { stepMs: 1, by: ['host'], top: 9, order: 'bytes', only: 'bytes', include: 'any' } as const // prettier-ignore
  for (const from of [t0, t0 + 2_000_000]) {
    const query = { ...asked, from, to: from + 1_000_000 }
    const answer = await held!.series(query)
    assert.equal(answer.count, 2 * hosts.length)
    assert.deepEqual(answer, await inSql!.series(query))
    const top = { ...query, by: ['src'], limit: 3 } as const
    assert.deepEqual(await held!.top(top), await inSql!.top(top))
  }
  await inSql!.close()
  await held!.close()
})

test('results for one order, measure or length are reused for the next: all give the same answers as SQL', async () => {
  const folder = await scratchFolder()
  const drawn = fc.sample(flow, { numRuns: 200, seed: 20_261_116 })
  // Sums beyond 2^53 are left to SQL: these stay below.
  const flows = drawn.map((each, i) =>
    testFlow({ ...each, first: t0 + 700 * i, last: Math.max(each.last, t0 + 700 * i), octets: each.octets % 1e6, sampling: 1 }),
  ) // prettier-ignore
  await archive(folder, flows.slice(0, 90), flows.slice(90))
  const local = new NetworkSet(addresses.slice(0, 2).map((address) => parseNetwork(address)!))
  const [inSql, held] = await Promise.all(
    [0, 1000].map((heldRows) => openFlowStore(folder, { local, heldRows })),
  )
  const window = { from: t0 - 60_000, to: t0 + 600_000, include: 'any' } as const
  const orders = ['bytes', 'peers', 'flows', 'duration', 'packets', 'rate'] as const
  for (const limit of [2, 7])
    for (const order of orders)
      for (const by of ['host', 'dstport'] as const) {
        const query = { ...window, by: [by], order, limit }
        assert.deepEqual(await held!.top(query), await inSql!.top(query), `${by} ${order} ${limit}`)
      }
  for (const only of fieldNames)
    for (const by of [['host'], ['host', 'direction'], ['direction']] as const)
      for (const stepMs of [60_000, 30_000]) {
        const query = { ...window, by, stepMs, order: only, only, top: 3 }
        const [mine, theirs] = [await held!.series(query), await inSql!.series(query)]
        const { sum, ...answer } = mine
        const { sum: expected, ...rest } = theirs
        const say = `${only} by ${by.join()} in ${stepMs} ms`
        assert.deepEqual([answer, sum[only]], [rest, expected[only]], say)
      }
  await inSql!.close()
  await held!.close()
})

test('the thread for tables answers for files as long as they are held, and for one released in the meantime', async (t) => {
  const { paths, read } = await threeFiles(t)
  const gone: HeldFlows[] = []
  const held = new HeldFiles(read, { rowsMax: 4, onEvict: (flows) => gone.push(flows) })
  const thread = new TopThread({ local: [] })
  t.after(() => thread.close())
  const asked = { from: t0, to: t0 + 10_000, include: 'any', by: ['src'], order: 'bytes', limit: 5 } as const // prettier-ignore
  const flowsOf = async (...files: HeldFlows[]) => (await thread.top(files, asked)).total.flows
  const one = await held.take(paths[0])
  assert.equal(await flowsOf(one), 2)
  const other = await held.take(paths[1])
  await until(() => gone.length > 0)
  assert.deepEqual(gone, [one])
  thread.evict(one)
  assert.equal(await flowsOf(one, other), 5)
  await assert.rejects(
    thread.top([other], { ...asked, signal: AbortSignal.abort(new Error('gone')) }),
    /gone/,
  )
  await thread.close()
  await sleep(20)
  assert.equal(await flowsOf(other), 3, 'another thread is begun where one has ended')
})
