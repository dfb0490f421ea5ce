import { test } from 'node:test'

import { skipWithoutInfluxd } from '../../setup/influxd.ts'
import { scan } from './cardinality.ts'

const skip = skipWithoutInfluxd()

for (const { hosts, isLive } of [
  { hosts: 50_000, isLive: false },
  { hosts: 20_000, isLive: true },
])
  test(
    `a scan of ${hosts} spoofed hosts${isLive ? ', live,' : ''} leaves as many series as the top K allows, and correct sums`,
    { skip },
    async (t) => {
      t.diagnostic(JSON.stringify(await scan({ hosts, top: 50, isLive })))
    },
  )
