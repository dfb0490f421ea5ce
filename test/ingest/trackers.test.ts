/** Fifty trackers at a thousand flows per second; the full size is in trackers.long.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { costPerFlowAndTracker, runLoad } from './tracker-load.ts'

test('50 trackers at 1,000 flows a second: no datagram is lost', async (t) => {
  await runLoad(t, { trackers: 50, flowsPerSecond: 1000, seconds: 3 })
})

test('a flow costs little per tracker', (t) => {
  const nanoseconds = costPerFlowAndTracker(50)
  t.diagnostic(`${nanoseconds.toFixed(1)} ns a flow and tracker`)
  assert.ok(nanoseconds < 200, `${nanoseconds} ns`)
})
