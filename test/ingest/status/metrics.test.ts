/** Counters of /metrics never decrease: Prometheus takes that for a counter that began again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { clearFlowColumns, createFlowColumns } from '../../../flow/columns.ts'
import { Decoder } from '../../../ingest/decode/decoder.ts'
import { decoderRowsMax } from '../../../ingest/decode/limits.ts'
import { renderMetrics } from '../../../ingest/status/metrics.ts'
import { relay } from '../../encode/relay.ts'
import { runningStatus } from '../../exporter-status.ts'
import { seeded } from '../../random.ts'
import { send, versions } from '../decode/streams.ts'

/** The counters by name and labels. */
async function countersOf(decoder: Decoder): Promise<Map<string, number>> {
  const metrics = await renderMetrics({ ...runningStatus, exporters: decoder.exporters() })
  const lines = metrics.split('\n').filter((line) => /^\w+_total[ {]/.test(line))
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ')
      return [line.slice(0, space), Number(line.slice(space))]
    }),
  )
}

test('files of flows that wait for ClickHouse are seen by Prometheus too', async () => {
  const shipping = {
    waiting: 3,
    oldest: 1_794_828_600,
    sent: 10,
    refusedByRetention: 7,
    refusedAt: null,
    lastError: null,
  }
  const metrics = await renderMetrics({ ...runningStatus, shipping })
  for (const line of ['waiting_files 3', 'oldest_seconds 1794828600', 'refused_flows_total 7'])
    assert.ok(metrics.includes(`\nweir_shipping_${line}\n`), line)
  const none = await renderMetrics({ ...runningStatus, shipping: { ...shipping, oldest: null } })
  assert.match(none, /\nweir_shipping_oldest_seconds 0\n/)
})

test('whatever the status warns of, Prometheus can too', async () => {
  const warnings = [{ what: 'the disk is full', remedy: 'free some' }]
  assert.match(await renderMetrics({ ...runningStatus, warnings }), /\nweir_warnings 1\n/)
  assert.match(await renderMetrics({ ...runningStatus, warnings: [] }), /\nweir_warnings 0\n/)
})

for (const version of versions)
  test(`${version}: no counter decreases as missing datagrams come late, over restarts of ingest too`, async () => {
    const random = seeded(3)
    const { sent } = send(version, 400, random)
    const network = { loss: 0.02, reordering: 0.1, duplicates: 0.02, reorderWithin: 16 }
    const { arrived } = relay(sent, random, network)
    const flows = createFlowColumns(2 * decoderRowsMax)
    let decoder = new Decoder(flows)
    let before = new Map<string, number>()
    for (const [i, { payload, sentMs }] of arrived.entries()) {
      const datagram = { payload, source: '192.0.2.1', sourcePort: 50_000, receivedMs: sentMs }
      decoder.decode(datagram)
      clearFlowColumns(flows)
      if (i === 200) {
        const state: unknown = JSON.parse(JSON.stringify(decoder.snapshot()))
        decoder = new Decoder(flows)
        assert.ok(decoder.restore(state))
      }
      const now = await countersOf(decoder)
      for (const [name, value] of before) assert.ok(now.get(name)! >= value, `${name} at ${i}`)
      before = now
    }
    const of = (name: string) => before.get(`weir_${name}_total{exporter="192.0.2.1"}`)!
    const { lost } = decoder.exporters()[0]!
    assert.ok(of('found_flows') > 0)
    assert.equal(of('lost_flows') - of('found_flows'), lost.flows)
    assert.equal(of('lost_datagrams') - of('found_datagrams'), lost.datagrams)
  })
