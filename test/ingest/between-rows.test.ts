/**
 * Flows that arrive while the rows of several intervals are built: counted at once, sealed with the rest, and written
 * once more.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { intervalMs } from '../../flow/interval.ts'
import { scratchFolder } from '../processes.ts'
import { t0 } from '../store/archive/archived.ts'
import { openCollecting } from './collecting.ts'

const minute = 60_000
/** Both intervals ended long ago: at the end of each tick only unwritten data keeps them. */
const now = t0 + 3 * 3_600_000
const first = t0
const second = t0 + intervalMs

test('flows that come between two intervals’ rows are in the seal, on the durable list, and in the next series written', async (t) => {
  const { archive, buckets, store, take, tick, tier } = await openCollecting(
    t,
    await scratchFolder(),
  )
  const bytes = async () => {
    const range = { tier, from: t0, to: t0 + 2 * intervalMs }
    const rows = await store.top({
      ...range,
      measurement: 'total',
      by: [],
      order: 'bytes',
      limit: 1,
    })
    return rows[0]?.sum.bytes
  }

  take(first, 1000)
  take(second, 20)
  const rowsOf = buckets.rows.bind(buckets)
  let made = 0
  // Flows can only arrive where building the rows yields.
  buckets.rows = (interval, top) => {
    if (made++ === 0) setImmediate(() => take(first, 300_000))
    return rowsOf(interval, top)
  }
  assert.equal(await tick(now), null)
  assert.equal(made, 2)
  assert.equal(archive.entries().reduce((sum, { rows }) => sum + rows, 0), 3, 'all are sealed') // prettier-ignore
  assert.equal(await bytes(), 1020, 'the series has what was counted when its rows were made')
  assert.deepEqual(archive.redo(), [first], 'a crash does not forget that the interval is to be written again') // prettier-ignore
  assert.equal(buckets.isHeld(first), true)

  assert.equal(await tick(now + minute), null)
  assert.equal(await bytes(), 301_020)
  assert.deepEqual(archive.redo(), [])
})

test('the position that a publication covers is that of its flows, in a tick with and without series', async (t) => {
  const { archive, receive, meanwhile, tick } = await openCollecting(t, await scratchFolder())
  const covered = () => [
    archive.position()!.offset,
    archive.entries().reduce((sum, { rows }) => sum + rows, 0),
  ]
  meanwhile(() => {
    receive(first, 10)
    queueMicrotask(() => receive(first, 10))
    setImmediate(() => receive(first, 10))
  })
  for (const at of [now, now + 15_000, now + 30_000, now + 75_000]) {
    receive(first, 1000)
    assert.equal(await tick(at), null)
    const [position, rows] = covered()
    assert.equal(position, rows)
  }
})
