import { test } from 'node:test'

import { skipWithoutInfluxd } from '../../setup/influxd.ts'
import { scan } from './cardinality.ts'

const skip = skipWithoutInfluxd()

for (const isLive of [false, true])
  test(
    `a scan of 1,000,000 spoofed hosts${isLive ? ', live,' : ''} leaves as many series as the top K allows, and correct sums`,
    { skip },
    async (t) => {
      t.diagnostic(JSON.stringify(await scan({ hosts: 1_000_000, top: 1000, isLive })))
    },
  )
