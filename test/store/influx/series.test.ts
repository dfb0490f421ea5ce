import { after, before, describe } from 'node:test'

import { skipWithoutInfluxd } from '../../setup/influxd.ts'
import { influxUnderTest, openEmpty, type InfluxUnderTest } from './influx-under-test.ts'
import { seriesContract } from '../series-contract.ts'
import { dayMs } from '../series-rows.ts'

describe(
  'InfluxDB',
  { skip: process.env['WEIR_TEST_INFLUX_URL'] === undefined && skipWithoutInfluxd() },
  () => {
    let influxd: InfluxUnderTest
    before(async () => {
      influxd = await influxUnderTest()
    })
    after(() => influxd.remove())

    // InfluxDB applies retention by the clock.
    const origin = Math.floor(Date.now() / dayMs) * dayMs
    seriesContract('InfluxDB', () => openEmpty(influxd), { origin, runs: 4 })
  },
)
