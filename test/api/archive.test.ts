/** The API gives the same over the real archive as over a naive store of the same flows. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import * as fc from 'fast-check'

import type { FlowsAnswer, SeriesAnswer, TopAnswer } from '../../api/schema/schema.ts'
import { parseAddress } from '../../flow/address.ts'
import { createFlowColumns, type FlowColumns } from '../../flow/columns.ts'
import { protocolNumber } from '../../flow/protocol.ts'
import { Archive } from '../../store/archive/archive.ts'
import { openFlowStore } from '../../store/archive/query.ts'
import type { FlowRecord } from '../../store/flows.ts'
import { drawnOne } from '../drawn.ts'
import { scratchFolder } from '../processes.ts'
import { readSettings } from '../settings.ts'
import { appUnderTest, type Step } from './app-under-test.ts'
import { flow } from './memory-flows.ts'

const noon = Date.UTC(2026, 10, 16, 12)
const known: Step[] = Array.from({ length: 9 }, (_, i) => ({ time: noon + 300_000 * i }))

/** Records as the decoder passes them to the archive. */
function columnsOf(records: readonly FlowRecord[]): FlowColumns {
  const columns = createFlowColumns(records.length)
  const setAddress = (name: 'source' | 'destination' | 'exporter', i: number, text: string) => {
    const [w0, w1, w2, w3] = parseAddress(text)!
    columns[`${name}AddressHigh`].set([w1, w0], 2 * i)
    columns[`${name}AddressLow`].set([w3, w2], 2 * i)
  }
  records.forEach((record, i) => {
    setAddress('exporter', i, record.exporter)
    setAddress('source', i, record.source)
    setAddress('destination', i, record.destination)
    columns.collectionTimeMilliseconds[i] = record.received
    columns.flowStartMilliseconds[i] = record.first
    columns.flowEndMilliseconds[i] = record.last
    columns.sourceTransportPort[i] = record.sourcePort
    columns.destinationTransportPort[i] = record.destinationPort
    columns.protocolIdentifier[i] = protocolNumber(record.protocol)!
    columns.octetDeltaCount[i] = record.bytes
    columns.packetDeltaCount[i] = record.packets
    columns.samplingInterval[i] = record.sampling
    columns.ingressInterface[i] = record.inInterface
    columns.egressInterface[i] = record.outInterface
    columns.tcpControlBits[i] = 0b00011011
  })
  columns.count = records.length
  return columns
}

const address = fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3', '203.0.113.1', '2001:db8::1')
const record = fc
  .record({
    first: fc.integer({ min: 0, max: 1_799_000 }),
    milliseconds: fc.integer({ min: 0, max: 900_000 }),
    bytes: fc.integer({ min: 1, max: 1e9 }),
    // Many values, so that no two sums are equal and the order is unique.
    packets: fc.integer({ min: 1, max: 1e9 }),
    source: address,
    destination: address,
    sourcePort: fc.constantFrom(53, 80, 443, 50_000),
    protocol: fc.constantFrom('tcp', 'udp', 'icmp'),
  })
  .map(({ first, milliseconds, ...rest }) =>
    flow({ ...rest, first: noon + first, last: noon + first + milliseconds }),
  )

suite('the API over the real archive', () => {
  test('answers as over flows in memory', async (t) => {
    const flows = drawnOne(fc.array(record, { minLength: 200, maxLength: 200 }))
    const folder = await scratchFolder()
    const archive = await Archive.open(folder)
    archive.add(columnsOf(flows))
    await archive.publish({})
    await archive.close()
    const real = await openFlowStore(folder, { local: readSettings({}).local })
    t.after(() => real.close())
    const given = { steps: { '5m': known } }
    const memory = await appUnderTest(t, { ...given, flows })
    const onDisk = await appUnderTest(t, { ...given, options: { flows: real } })
    const window = `from=${noon / 1000}&to=${noon / 1000 + 2700}`
    const half = `from=${noon / 1000 + 610}&to=${noon / 1000 + 1555}`
    for (const path of [
      `/api/series?${window}&step=60`,
      `/api/series?${window}&step=10&by=direction`,
      `/api/series?${window}&step=60&by=host&top=2`,
      `/api/series?${window}&step=60&by=host,direction&top=2&measure=packets`,
      `/api/series?${window}&step=60&by=port&top=2&measure=active`,
      `/api/series?${window}&step=60&by=port,direction&top=1`,
      `/api/series?${window}&step=60&by=protocol,exporter&measure=flows`,
      `/api/series?${half}&step=1`,
      `/api/series?${window}&filter=host+10.0.0.1&step=300`,
      `/api/series?${window}&filter=proto+tcp+and+src+port+443&step=1800&by=host`,
    ]) {
      const [expected, actual] = [await memory.get<SeriesAnswer>(path), await onDisk.get<SeriesAnswer>(path)] // prettier-ignore
      assert.deepEqual(sorted(actual), sorted(expected), path)
    }
    for (const path of [
      `/api/top?${window}&by=src&limit=3`,
      `/api/top?${half}&by=host&limit=2`,
      `/api/top?${half}&by=dst&filter=proto+udp&order=packets`,
    ])
      assert.deepEqual(await onDisk.get<TopAnswer>(path), await memory.get<TopAnswer>(path), path)
    const listed = await onDisk.get<FlowsAnswer>(`/api/flows?${window}&limit=1000`)
    assert.equal(listed.flows.length, 200)
    assert.deepEqual(
      listed.flows.map(({ bytes }) => bytes).sort((a, b) => a - b),
      flows.map(({ bytes }) => bytes).sort((a, b) => a - b),
    )
  })
})

/** An answer independent of the order of equal keys and of the order of addition. */
function sorted({ series, ...answer }: SeriesAnswer) {
  const rounded = series.map(({ values, summary, ...rest }) => ({
    ...rest,
    total: summary.total,
    maximum: summary.maximum?.toPrecision(12),
    p95: summary.p95?.toPrecision(12),
    values: values.map((value) => value?.toPrecision(12)),
  }))
  return {
    ...answer,
    series: rounded.sort((a, b) => (JSON.stringify(a.key) < JSON.stringify(b.key) ? -1 : 1)),
  }
}
