import assert from 'node:assert/strict'
import test from 'node:test'

import { ChangedIntervals } from '../../../ingest/coverage/changed-intervals.ts'

const [a, b] = ['192.0.2.1', '192.0.2.2']

test('changes are returned once, by interval, and again if they could not be written', () => {
  const changed = new ChangedIntervals()
  changed.mark(a, 0)
  changed.mark(b, 0)
  changed.mark(a, 300_000)
  const taken = changed.take()
  assert.deepEqual(taken, new Map([[0, new Set([a, b])], [300_000, new Set([a])]])) // prettier-ignore
  assert.equal(changed.take().size, 0)

  changed.mark(b, 300_000)
  changed.putBack(taken)
  assert.deepEqual(changed.take().get(300_000), new Set([b, a]))
})

test('an exporter no longer followed leaves no changed intervals behind', () => {
  const changed = new ChangedIntervals()
  changed.mark(a, 0)
  changed.mark(a, 300_000)
  changed.mark(b, 300_000)
  changed.drop(a)
  assert.equal(changed.has(a, 300_000), false)
  assert.equal(changed.has(b, 300_000), true)
  assert.deepEqual([...changed.take().keys()], [300_000])
})
