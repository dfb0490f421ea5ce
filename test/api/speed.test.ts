import assert from 'node:assert/strict'
import { test } from 'node:test'

import { measureSeries } from './speed.ts'

/**
 * Other tests run concurrently, so this only checks the order of magnitude; the long run enforces 150 ms.
 */
const p95MsMax = 1500

test('series of 24 hours and of the longer tiers come quickly while a replay runs', async (t) => {
  const figures = await measureSeries(20, { hosts: 200, share: 0.1 })
  t.diagnostic(JSON.stringify(figures))
  assert.ok(figures.p95Ms['24 h'] < p95MsMax && figures.p95Ms['1 year'] < p95MsMax)
})
