import assert from 'node:assert/strict'
import { test } from 'node:test'

import { measureSeries } from './speed.ts'

test('1,000 hosts, 30 days of 5 minutes, a year of tiers: p95 under 150 ms while a replay runs', async (t) => {
  const figures = await measureSeries(100, { hosts: 1000, share: 1 })
  t.diagnostic(JSON.stringify(figures))
  assert.ok(figures.p95Ms['24 h'] < 150 && figures.p95Ms['1 year'] < 150, JSON.stringify(figures))
})
