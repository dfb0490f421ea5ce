import { after, before, describe } from 'node:test'

import { RunningInfluxd } from '../influxd.ts'
import { skipWithoutInfluxd } from '../setup/influxd.ts'
import { openEmpty } from './influx-under-test.ts'
import { seriesContract } from './series-contract.ts'
import { dayMs } from './series-rows.ts'

describe('InfluxDB', { skip: skipWithoutInfluxd() }, () => {
  let influxd: RunningInfluxd
  before(async () => {
    influxd = await RunningInfluxd.startReady()
  })
  after(() => influxd.remove())

  // InfluxDB counts retention by the clock.
  const origin = Math.floor(Date.now() / dayMs) * dayMs
  seriesContract('InfluxDB', () => openEmpty(influxd), { origin, runs: 4 })
})
