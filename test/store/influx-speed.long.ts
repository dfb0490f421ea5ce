import assert from 'node:assert/strict'
import { test } from 'node:test'

import { measureInflux } from '../bench/influx-speed.ts'
import { skipWithoutInfluxd } from '../setup/influxd.ts'

const skip = skipWithoutInfluxd()

test(
  'a year of 1,000 hosts in InfluxDB: 24 h and a year, p95 under 300 ms',
  { skip },
  async (t) => {
    const days = { '5m': 2, '2h': 365, '1d': 365 }
    const figures = await measureInflux(days, { hosts: 1000, requests: 100 })
    t.diagnostic(JSON.stringify(figures))
    assert.ok(figures.p95['24 h'] < 300 && figures.p95['1 year'] < 300, JSON.stringify(figures))
  },
)
