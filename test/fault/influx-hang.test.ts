/** An InfluxDB that accepts connections and answers nothing: nobody waits long to be told so. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { startWeir } from '../browser/weir.ts'
import { RunningInfluxd } from '../influxd.ts'
import { RunningIngest, scratchFolder } from '../processes.ts'
import { skipWithoutInfluxd } from '../setup/influxd.ts'

interface Got {
  status: number
  text: string
}

/** A query has 30 seconds; a health check of the API waits for five. */
const toldMsMax = 15_000

test(
  'InfluxDB hangs: status and series say so within seconds, lists say what they cannot tell, and all answer once it goes on',
  { skip: skipWithoutInfluxd() },
  async () => {
    const influxd = await RunningInfluxd.startReady()
    const environment = { ...influxd.environment, WEIR_LOG: 'silent' }
    const weir = await startWeir({ environment })
    const get = async (path: string): Promise<Got> => {
      const response = await fetch(`${weir.url}${path}`)
      return { status: response.status, text: await response.text() }
    }
    const series = '/api/series?from=2026-11-16T00:00:00Z&to=2026-11-17T00:00:00Z&measure=bits'
    const top = '/api/top?from=2026-11-16T11:00:00Z&to=2026-11-16T12:00:00Z'
    try {
      assert.equal((await get(series)).status, 200)
      process.kill(influxd.pid, 'SIGSTOP')
      const asked = performance.now()
      // An answer is kept for some seconds: another question.
      const asking = ['/api/status', `${series}&step=300`, top].map(get)
      const [status, refused, list] = (await Promise.all(asking)) as [Got, Got, Got]
      const tookMs = performance.now() - asked
      assert.equal(status.status, 200)
      assert.match(status.text, /"the series \([^)]*1d\) cannot be read: InfluxDB: no answer/)
      assert.equal(refused.status, 503)
      assert.match(refused.text, /InfluxDB: no answer/)
      // The flows are here; only what the totals would say of their time is missing.
      assert.equal(list.status, 200)
      assert.match(list.text, /"rows":\[\{.*whether all of this time was received cannot be told/)
      assert.ok(tookMs < toldMsMax, `told after ${Math.round(tookMs)} ms`)

      process.kill(influxd.pid, 'SIGCONT')
      assert.equal((await get(series)).status, 200)
      assert.doesNotMatch((await get('/api/status')).text, /no answer/)
      assert.match((await get(top)).text, /"remarks":\[\]/)
    } finally {
      await weir.close()
      await influxd.remove()
    }
  },
)

test(
  'InfluxDB hangs: ingest stops by itself, and its series wait in the spool',
  { skip: skipWithoutInfluxd() },
  async () => {
    const influxd = await RunningInfluxd.startReady()
    try {
      const data = await scratchFolder()
      process.kill(influxd.pid, 'SIGSTOP')
      const ingest = await RunningIngest.start(data, influxd.environment)
      const { code, ms } = await ingest.stop()
      // A stop that takes too long is forced, with code 1.
      assert.equal(code, 0, `after ${Math.round(ms)} ms`)
    } finally {
      await influxd.remove()
    }
  },
)
