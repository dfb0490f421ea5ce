/**
 * The Monday capture in both stores: all answers of /api/series are identical, byte for byte; and a
 * Flux query by hand finds every byte in InfluxDB.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { RunningInfluxd } from '../influxd.ts'
import { daySeconds, mondayBytes as bytes, replayMonday } from '../monday.ts'
import { scratchFolder } from '../processes.ts'
import { skipWithoutInfluxd } from '../setup/influxd.ts'
import { openApi } from './api-over.ts'

const splits = [
  '',
  'direction',
  'host',
  'host,direction',
  'port',
  'port,direction',
  'protocol',
  'interface',
  'interface,direction',
  'exporter',
  'host,port',
  'host,protocol,direction',
]
const measures = ['bits', 'packets', 'flows', 'active']
const steps = [300, 1800, 7200, 86_400]

describe('the Monday capture in InfluxDB', { skip: skipWithoutInfluxd() }, () => {
  let influxd: RunningInfluxd
  const apis: Awaited<ReturnType<typeof openApi>>[] = []
  let start = 0

  before(async () => {
    influxd = await RunningInfluxd.startReady()
    // What lies after now is not visible yet, so both must agree on the time.
    const now = Date.now()
    for (const environment of [{}, influxd.environment]) {
      const settings = { WEIR_DATA: await scratchFolder(), ...environment }
      start = await replayMonday(settings)
      apis.push(await openApi(settings, now))
    }
  })
  after(async () => {
    for (const api of apis) await api.close()
    await influxd?.remove()
  })

  async function both(path: string): Promise<string> {
    const [one, two] = await Promise.all(
      apis.map(async ({ app }) => {
        const answer = await app.inject({ url: path, headers: { host: '127.0.0.1' } })
        assert.equal(answer.statusCode, 200, path)
        return answer.body
      }),
    )
    assert.equal(two, one, path)
    return one!
  }

  for (const step of steps)
    test(`answers at ${step} s are identical, byte for byte`, async () => {
      const day = `from=${start}&to=${start + daySeconds}&step=${step}`
      // All splits at one step of each kind: 5-minute rows, and rows with separate maxima.
      for (const by of step === 300 || step === 7200 ? splits : splits.slice(0, 3))
        for (const measure of by === '' ? measures : ['bits'])
          for (const rest of ['', '&top=3&cf=max', ...(by === 'host' ? ['&top=1000'] : [])]) {
            const text = await both(
              `/api/series?${day}&measure=${measure}${by && `&by=${by}`}${rest}`,
            )
            const { series } = JSON.parse(text) as { series: { summary: { total: number } }[] }
            if (measure !== 'bits' || by.includes('interface')) continue
            const total = series.reduce((sum, each) => sum + each.summary.total, 0)
            assert.equal(total, by.includes('host') ? 2 * bytes : bytes)
          }
    })

  test('other windows, by tier and from the archive', async () => {
    const cut = `from=${start + 41_400}&to=${start + 42_000}`
    const week = `from=${start - 3 * daySeconds}&to=${start + 4 * daySeconds}`
    for (const window of [cut, week])
      for (const query of ['', '&by=host&top=3', '&filter=proto%20tcp&by=port'])
        await both(`/api/series?${window}${query}`)
  })

  test('by hand, the bytes of the measurement total in bucket weir_5m', async () => {
    const found = await influxd.ask(`from(bucket: "weir_5m")
      |> range(start: 0)
      |> filter(fn: (r) => r._measurement == "total" and r._field == "bytes")
      |> group()
      |> sum()`)
    assert.equal(found, bytes)
  })
})
