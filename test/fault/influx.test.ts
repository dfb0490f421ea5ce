import { test } from 'node:test'

import { skipWithoutInfluxd } from '../setup/influxd.ts'
import { liveThrough } from './influx-live.ts'

const skip = skipWithoutInfluxd()

test(
  'InfluxDB away, ingest ended and killed while the spool is sent: nothing is lost',
  { skip },
  async (t) => {
    const figures = await liveThrough(
      [
        {
          name: 'InfluxDB is killed, and ingest ends and is killed beside',
          ms: 2000,
          strike: async (live) => {
            await live.influxd.stop('SIGKILL')
            // An ending ingest writes its series: they wait in the spool.
            await live.restartIngest('SIGTERM')
            return async () => {
              await live.influxd.start()
              await live.restartIngest('SIGKILL')
            }
          },
        },
      ],
      { flowsPerSecond: 250, calmMs: 3000, say: (text) => t.diagnostic(text) },
    )
    t.diagnostic(JSON.stringify(figures))
  },
)
