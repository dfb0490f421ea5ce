/** What a kill must not lose: what was known of intervals without flows, and which intervals are to be judged. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { intervalMs } from '../../flow/interval.ts'
import type { CoverageSnapshot } from '../../ingest/coverage/coverage.ts'
import { IncidentLedger } from '../../store/incident/ledger.ts'
import { scratchFolder } from '../processes.ts'
import { t0 } from '../store/archive/archived.ts'
import { openCollecting } from './collecting.ts'
import { datagramAt } from './datagram-at.ts'

const second = 1000

test('a silence that was explained just before a kill is known after it', async (t) => {
  const data = await scratchFolder()
  const end = t0 + 3 * intervalMs
  const killed = await openCollecting(t, data)
  killed.coverage.take(datagramAt(t0))
  assert.equal(await killed.tick(end - 10 * second), null)
  // The next tick only publishes: the series were written a moment ago.
  killed.coverage.take(datagramAt(end))
  assert.equal(await killed.tick(end + 5 * second), null)
  await killed.close()

  const next = await openCollecting(t, data)
  next.coverage.restore(next.archive.value<CoverageSnapshot>('coverage')!)
  assert.equal(await next.tick(end + 20 * second), null)
  const stored = await next.store.coverage({ tier: next.tier, from: t0, to: end + intervalMs })
  assert.deepEqual(
    stored.map(({ time, known, datagrams }) => [(time - t0) / intervalMs, known, datagrams]),
    [[0, 1, 1], [1, 1, 0], [2, 1, 0], [3, 1, 1]],
  ) // prettier-ignore
  assert.deepEqual(next.archive.redo(), [])
})

test('what becomes known of an interval after its rows were made stays on the durable list', async (t) => {
  const { archive, buckets, coverage, take, tick } = await openCollecting(t, await scratchFolder()) // prettier-ignore
  take(t0, 1000)
  take(t0 + intervalMs, 20)
  const rowsOf = buckets.rows.bind(buckets)
  let made = 0
  // Datagrams can only arrive where making the rows yields.
  buckets.rows = (interval, top) => {
    if (made++ === 0) setImmediate(() => coverage.take(datagramAt(t0)))
    return rowsOf(interval, top)
  }
  assert.equal(await tick(t0 + 3 * intervalMs), null)
  assert.equal(made, 2)
  assert.deepEqual(archive.redo(), [t0])
  assert.equal(await tick(t0 + 4 * intervalMs), null)
  assert.deepEqual(archive.redo(), [])
})

test('an interval whose series were written just before a kill is judged after it', async (t) => {
  const data = await scratchFolder()
  const { archive, take, tick } = await openCollecting(t, data)
  take(t0, 1000)
  assert.equal(await tick(t0 + intervalMs), null)
  assert.deepEqual(archive.redo(), [])
  const ledger = await IncidentLedger.open(data)
  assert.deepEqual(ledger.pending(), [t0])
  await ledger.close()
})
