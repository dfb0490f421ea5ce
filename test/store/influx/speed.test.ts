import assert from 'node:assert/strict'
import { test } from 'node:test'

import { measureInflux } from '../../bench/influx-speed.ts'
import { skipWithoutInfluxd } from '../../setup/influxd.ts'

const skip = skipWithoutInfluxd()
/** Allows for a busy machine. */
const msMax = 5000

test('a twentieth of a year in InfluxDB is answered', { skip }, async (t) => {
  const days = { '5m': 1, '2h': 18, '1d': 365 }
  const figures = await measureInflux({ days, hosts: 50, requests: 5 })
  t.diagnostic(JSON.stringify(figures))
  assert.ok(figures.p95['24 h'] < msMax && figures.p95['1 year'] < msMax, JSON.stringify(figures))
})
