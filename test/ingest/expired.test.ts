/** What is stored of a time stays when the archive no longer has all flows of it: it cannot be made again. */
import assert from 'node:assert/strict'
import { truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { intervalMs } from '../../flow/interval.ts'
import { scratchFolder } from '../processes.ts'
import { columnsOf, t0, testFlow } from '../store/archive/archived.ts'
import { IncidentLedger } from '../../store/incident/ledger.ts'
import { openCollecting, type Collecting } from './collecting.ts'

const second = 1000
const hour = 3_600_000

/** A collector that has stored the series of t0, and whose archive then dropped the flows of it. */
async function openExpired(t: TestContext) {
  const data = await scratchFolder()
  const collecting = await openCollecting(t, data)
  const { archive, take, tick } = collecting
  take(t0 + second, 1000)
  assert.equal(await tick(t0 + 15 * second), null)
  take(t0 + 3 * hour, 500)
  for (const at of [3, 3.1]) assert.equal(await tick(t0 + at * hour), null)
  const limits = { keepMs: hour, maxBytes: Number.POSITIVE_INFINITY, now: t0 + 3 * hour }
  await archive.expire(limits)
  assert.equal(archive.entries().length, 1)
  const stored = storedIn(collecting)
  assert.equal(await stored(t0), 1000)
  return { ...collecting, data, stored }
}

/** Reads the bytes stored of the interval that begins at a time. */
function storedIn({ store, tier }: Collecting) {
  return async (from: number): Promise<number> => {
    const range = { tier, from, to: from + intervalMs, measurement: 'total' } as const
    const rows = await store.top({ ...range, by: ['direction'], order: 'bytes', limit: 10 })
    return rows.reduce((sum, row) => sum + row.sum.bytes, 0)
  }
}

test('a flow that began before the oldest flows of the archive counts from these on', async (t) => {
  const { archive, buckets, tick, stored } = await openExpired(t)
  assert.equal(await tick(t0 + 3.2 * hour), null)
  const flow = { first: t0 + second, last: t0 + 3.2 * hour, octets: 1_000_000 }
  const flows = columnsOf([testFlow(flow)])
  buckets.add(flows)
  archive.add(flows)
  for (const at of [3.3, 3.4]) assert.equal(await tick(t0 + at * hour), null)
  assert.equal(await stored(t0), 1000)
  assert.equal(buckets.tooLate, 1)
  // What came of it since then counts.
  assert.equal(await stored(t0 + 2 * intervalMs), 26_043)
})

test('an interval that is to be rebuilt stays as it is stored if the archive has dropped flows of it', async (t) => {
  const { archive, buckets, close, data, tick } = await openExpired(t)
  const flow = { first: t0 + second, last: t0 + 3.2 * hour, octets: 1_000_000 }
  const flows = columnsOf([testFlow(flow)])
  buckets.add(flows)
  archive.add(flows)
  assert.equal(await tick(t0 + 3.2 * hour), null)
  await archive.publish({ redo: [t0, t0 + intervalMs] })
  await close()
  const before = await IncidentLedger.open(data)
  await before.addPending([], before.pending())
  await before.close()
  const again = await openCollecting(t, data)
  assert.equal(await again.tick(t0 + 3.3 * hour), null)
  assert.deepEqual(again.archive.redo(), [])
  const stored = storedIn(again)
  assert.equal(await stored(t0), 1000)
  // Of this one nothing was stored.
  assert.ok((await stored(t0 + intervalMs)) > 0)
  await again.close()
  const ledger = await IncidentLedger.open(data)
  t.after(() => ledger.close())
  // Its incidents would not be found again.
  assert.ok(!ledger.pending().includes(t0))
})

test('an interval of which a file is unreadable stays as it is stored when a late flow comes', async (t) => {
  const data = await scratchFolder()
  const collecting = await openCollecting(t, data)
  const { archive, buckets, take, tick } = collecting
  const stored = storedIn(collecting)
  take(t0 + second, 1000)
  take(t0 + intervalMs, 2000)
  assert.equal(await tick(t0 + intervalMs + 15 * second), null)
  take(t0 + 3 * hour, 500)
  for (const at of [3, 3.1]) assert.equal(await tick(t0 + at * hour), null)
  const [damaged] = archive.entries()
  await truncate(join(data, 'archive', damaged!.file), 200)
  const flow = { first: t0 + second, last: t0 + 3.2 * hour, octets: 1_000_000 }
  const flows = columnsOf([testFlow(flow)])
  buckets.add(flows)
  archive.add(flows)
  for (const at of [3.2, 3.3, 3.4]) await tick(t0 + at * hour)
  assert.equal(archive.problems().length, 1)
  assert.deepEqual(archive.redo(), [])
  // Of the second one the archive still has its own file.
  assert.deepEqual([await stored(t0), await stored(t0 + intervalMs)], [1000, 28_044])
})
