/** A switch's own counters beside the sums of its sampled flows, replayed and queried over HTTP. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'

import { pino } from 'pino'

import { runApi } from '../../api/main.ts'
import type { SeriesAnswer } from '../../api/schema/schema.ts'
import type { ExportersAnswer } from '../../api/schema/status.ts'
import { writeCapture, type SentDatagram } from '../encode/pcap-write.ts'
import { encodeSflow, wordsRecord } from '../encode/sflow.ts'
import { runWeir, scratchFolder } from '../processes.ts'
import { readSettings } from '../settings.ts'

const start = Date.UTC(2026, 10, 16, 11, 0, 0)
const source = '192.0.2.7'
const stepMs = 10_000
const rate = 100
/** Every ten seconds a sampled packet of 1,000 bytes, and counters that grow by the amount it represents. */
const octetsAStep = 1000 * rate
const steps = 180

function capture(): SentDatagram[] {
  return Array.from({ length: steps }, (_, i) => {
    const octets = 2 ** 32 - 5_000_000 + i * octetsAStep
    const packet = wordsRecord(3, 1000, 17, '10.0.0.1', '10.0.0.2', 5000, 53, 0, 0)
    const samples = [
      { rate, input: 3, output: 4, records: [packet] },
      { counters: { index: 3, speed: 1e9, octetsIn: octets % 2 ** 32, octetsOut: 7 * i, sequence: i + 1, packets: i * rate } }, // prettier-ignore
    ]
    const receivedMs = start + i * stepMs
    const payload = encodeSflow({ sequence: i + 1, uptimeMs: 1e6 + i * stepMs, samples })
    return { payload, receivedMs }
  })
}

let api: Awaited<ReturnType<typeof runApi>>

before(async () => {
  const data = await scratchFolder()
  const file = join(data, 'sflow.pcap')
  await writeCapture(file, source, capture())
  const { code, stderr } = await runWeir(['replay', file], { WEIR_DATA: data })
  assert.equal(code, 0, stderr)
  // Rewritten from the archive, which holds no counters: they stay.
  const range = ['--from', new Date(start).toISOString(), '--to', new Date(start + 600_000).toISOString()]
  const rebuilt = await runWeir(['rebuild', ...range], { WEIR_DATA: data })
  assert.equal(rebuilt.code, 0, rebuilt.stderr)
  const settings = readSettings({ WEIR_DATA: data, WEIR_HTTP: '127.0.0.1:0' })
  api = await runApi(settings, pino({ level: 'error' }))
}) // prettier-ignore

after(() => api?.close())

async function get<Answer>(path: string, status = 200): Promise<Answer> {
  const response = await fetch(api.url + path)
  const answer = (await response.json()) as Answer
  assert.equal(response.status, status, JSON.stringify(answer))
  return answer
}

const window = 'from=2026-11-16T11:00:00Z&to=2026-11-16T11:30:00Z'

suite('counters of interfaces over HTTP', () => {
  test('the interface’s counters equal the sums of its flows', async () => {
    const counted = await get<SeriesAnswer>(`/api/series?${window}&by=counter,direction&step=300`)
    const flows = await get<SeriesAnswer>(`/api/series?${window}&by=interface,direction&step=300`)
    const valuesOf = ({ series }: SeriesAnswer, key: object) =>
      series.find((each) => JSON.stringify(each.key) === JSON.stringify(key))!.values
    const own = valuesOf(counted, { counter: 3, direction: 'in' })
    const added = valuesOf(flows, { interface: 3, direction: 'in' })
    assert.equal(counted.source, '5m')
    assert.deepEqual(own.slice(0, 5), Array(5).fill((8 * octetsAStep * 1000) / stepMs))
    assert.deepEqual(added.slice(0, 5), own.slice(0, 5))
  })

  test('in every tier, and as packets', async () => {
    for (const step of [300, 1800, 7200, 86_400]) {
      const { series } = await get<SeriesAnswer>(
        `/api/series?${window}&by=counter,direction&step=${step}&measure=packets`,
      )
      const inward = series.find(({ key }) => key?.['direction'] === 'in')!
      assert.equal(inward.summary.total, (steps - 1) * rate, `step ${step}`)
      assert.equal(inward.label, 'counter interface 3 in')
    }
  })

  test('accept no filter and no hosts', async () => {
    for (const query of ['by=counter&filter=proto%20tcp', 'by=counter,host', 'by=counter&measure=flows'])
      assert.match(JSON.stringify(await get<unknown>(`/api/series?${window}&${query}`, 400)), /counter-alone/) // prettier-ignore
  })

  test('the exporter reports its interface’s speed', async () => {
    const { exporters } = await get<ExportersAnswer>('/api/exporters')
    assert.deepEqual(exporters[0]?.interfaces, [{ index: 3, name: null, alias: null, speed: 1e9 }])
  })
})
