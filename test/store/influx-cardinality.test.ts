import { test } from 'node:test'

import { skipWithoutInfluxd } from '../setup/influxd.ts'
import { scan } from './influx-cardinality.ts'

const skip = skipWithoutInfluxd()

test(
  'a scan of 50,000 spoofed hosts leaves as many series as the top K allows, and right sums',
  { skip },
  async (t) => {
    t.diagnostic(JSON.stringify(await scan(50_000, 50)))
  },
)
