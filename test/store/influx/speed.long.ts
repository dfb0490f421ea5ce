import assert from 'node:assert/strict'
import { test } from 'node:test'

import { measureInflux, yearInInflux } from '../../bench/influx-speed.ts'
import { skipWithoutInfluxd } from '../../setup/influxd.ts'

const skip = skipWithoutInfluxd()

test(
  'a year of 1,000 hosts in InfluxDB: 24 h and a year, p95 under 300 ms',
  { skip },
  async (t) => {
    const figures = await measureInflux({ days: yearInInflux, hosts: 1000, requests: 100 })
    t.diagnostic(JSON.stringify(figures))
    assert.ok(figures.p95['24 h'] < 300 && figures.p95['1 year'] < 300, JSON.stringify(figures))
  },
)
