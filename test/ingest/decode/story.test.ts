import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'

import { clearFlowColumns } from '../../../flow/columns.ts'
import { decoderRowsMax } from '../../../ingest/decode/limits.ts'
import { readCapture } from '../../encode/pcap.ts'
import { openDecoder } from './decoded.ts'

const capture = join(import.meta.dirname, '../../captures/monday-outage.v9.pcap.gz')

test('the Monday capture: every datagram, flow, packet and byte, and nothing lost', () => {
  const { decoder, flows, events } = openDecoder()
  const sums = { datagrams: 0, flows: 0, packets: 0, bytes: 0 }
  const takeOut = () => {
    sums.flows += flows.count
    for (let i = 0; i < flows.count; i++) {
      sums.packets += flows.packetDeltaCount[i]!
      sums.bytes += flows.octetDeltaCount[i]!
    }
    clearFlowColumns(flows)
  }
  for (const datagram of readCapture(capture)) {
    assert.equal(decoder.decode(datagram), 'v9')
    sums.datagrams++
    if (flows.capacity - flows.count < decoderRowsMax) takeOut()
  }
  takeOut()
  assert.deepEqual(sums, {
    datagrams: 7057,
    flows: 218_610,
    packets: 2_029_148,
    bytes: 50_336_916_389,
  })
  const [exporter] = decoder.exporters()
  assert.deepEqual(exporter?.problems, {})
  assert.deepEqual(exporter.lost, { datagrams: 0, flows: 0, flowsEstimated: false })
  assert.deepEqual(
    [exporter.address, exporter.flows, exporter.bytes],
    ['10.0.0.1', 218_610, 50_336_916_389],
  )
  assert.equal(events.filter((event) => event.verdict !== 'continues').length, 1)
})
