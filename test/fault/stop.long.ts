import { test } from 'node:test'

import { stopWhileSorting } from './stop.ts'

/** Docker's default time for a container to stop. */
const stopMsMax = 10_000

test('stopped and killed while an interval of 30 million flows is sorted, nothing is lost or stored twice', async (t) => {
  const options = {
    earlier: 3_000_000,
    intervals: 2,
    live: 30_000_000,
    flowsPerSecond: 100_000,
    stopMsMax,
  }
  t.diagnostic(JSON.stringify(await stopWhileSorting(options)))
})
