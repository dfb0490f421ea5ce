import { test } from 'node:test'

import { stopWhileSorting } from './stop.ts'

test('stopped and killed while files are sorted, nothing is lost or stored twice, and a stop does not wait', async (t) => {
  const options = {
    earlier: 2_800_000,
    intervals: 2,
    live: 100_000,
    flowsPerSecond: 60_000,
    stopMsMax: 20_000,
  }
  t.diagnostic(JSON.stringify(await stopWhileSorting(options)))
})
