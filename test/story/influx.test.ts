/**
 * The Monday capture in both stores: every answer of /api/series is the same, byte for byte; and by
 * hand, in Flux, InfluxDB has every byte of it.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { RunningInfluxd } from '../influxd.ts'
import { runWeir, scratchFolder } from '../processes.ts'
import { skipWithoutInfluxd } from '../setup/influxd.ts'
import { openApi } from './api-over.ts'

const capture = 'test/captures/monday-outage.v9.pcap.gz'
const bytes = 50_336_916_389
const daySeconds = 86_400
const weekSeconds = 7 * daySeconds
/** Monday 2026-11-16 UTC, as captured. */
const monday = Date.UTC(2026, 10, 16) / 1000

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
  let shift = 0

  before(async () => {
    influxd = await RunningInfluxd.startReady()
    // What lies after now is not seen yet, so both must agree on when that is.
    const now = Date.now()
    for (const environment of [{}, influxd.environment]) {
      const settings = { WEIR_DATA: await scratchFolder(), ...environment }
      const { code, stdout, stderr } = await runWeir(
        ['replay', capture, '--shift', 'recent', '--json'],
        settings,
      )
      assert.equal(code, 0, stderr)
      const { from } = JSON.parse(stdout) as { from: number }
      shift = Math.floor((from - monday) / weekSeconds) * weekSeconds
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
    test(`answers at ${step} s are the same, byte for byte`, async () => {
      const day = `from=${monday + shift}&to=${monday + shift + daySeconds}&step=${step}`
      // All splits at one step of each kind: 5-minute rows, and rows with maxima of their own.
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
    const cut = `from=${monday + shift + 41_400}&to=${monday + shift + 42_000}`
    const week = `from=${monday + shift - 3 * daySeconds}&to=${monday + shift + 4 * daySeconds}`
    for (const window of [cut, week])
      for (const query of ['', '&by=host&top=3', '&filter=proto%20tcp&by=port'])
        await both(`/api/series?${window}${query}`)
  })

  test('by hand, the bytes of the measurement total in bucket weir_5m', async () => {
    const answer = await fetch(`${influxd.url}/api/v2/query?org=weir`, {
      method: 'POST',
      headers: {
        authorization: `Token ${await influxd.adminToken()}`,
        'content-type': 'application/vnd.flux',
        accept: 'application/csv',
      },
      body: `from(bucket: "weir_5m")
        |> range(start: 0)
        |> filter(fn: (r) => r._measurement == "total" and r._field == "bytes")
        |> group()
        |> sum()`,
    })
    const [heading = '', row = ''] = (await answer.text()).split('\r\n')
    assert.equal(row.split(',')[heading.split(',').indexOf('_value')], String(bytes))
  })
})
