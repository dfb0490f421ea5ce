/** A thousand trackers at twenty thousand flows per second. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { costPerFlowAndTracker, runLoad } from './tracker-load.ts'

test('1,000 trackers at 20,000 flows a second: no datagram is lost', async (t) => {
  await runLoad(t, { trackers: 1000, flowsPerSecond: 20_000, seconds: 60 })
})

test('the cost of a flow with a thousand trackers', (t) => {
  const nanoseconds = costPerFlowAndTracker(1000)
  t.diagnostic(`${nanoseconds.toFixed(1)} ns a flow and tracker`)
  assert.ok(nanoseconds < 5, `${nanoseconds} ns`)
})
