/** The keys of an interval have a limit: of an exporter that reports a scan, each flow may have another. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Totals } from '../../ingest/buckets/totals.ts'
import type { MeasurementRows } from '../../store/series.ts'
import { columnsOf, t0, testFlow } from '../store/archive/archived.ts'

const keysMax = 1000
/** Two keys each. */
const scanned = 5000

test('keys beyond the limit of an interval count in the row other of hosts, and nothing is lost', () => {
  const totals = new Totals(t0, 0, keysMax)
  const flow = { sourcePort: 50_000, destinationPort: 22, octets: 10 }
  const add = (sources: string[]) => {
    const flows = columnsOf(sources.map((source) => testFlow({ ...flow, source })))
    totals.addRows(flows, Int32Array.from(sources.keys()), new Uint8Array(sources.length))
  }
  const addresses = Array.from({ length: scanned }, (_, i) => {
    return i % 2 === 0 ? `10.1.${i >> 8}.${i & 255}` : `2001:db8::${i.toString(16)}`
  })
  for (let at = 0; at < scanned; at += 100) add(addresses.slice(at, at + 100))
  // Those that have a key already go on counting in it.
  add([addresses[0]!, addresses[1]!])
  assert.ok(totals.keys < keysMax + 2 * 100)
  const rows = totals.rows(10_000)
  const all = 10 * (scanned + 2)
  for (const measurement of ['total', 'protocol', 'port'] as const)
    assert.equal(bytesOf(rows, measurement), all, measurement)
  for (const measurement of ['host', 'host_port'] as const)
    assert.equal(bytesOf(rows, measurement), 2 * all, measurement)
  for (const host of [addresses[0]!, addresses[1]!])
    assert.equal(bytesOf(rows, 'host', host), 20, host)
  assert.ok(bytesOf(rows, 'host', 'other') > (10 * scanned) / 2)
})

test('late flows count for their hosts once the keys at the limit are packed, and have a limit too', () => {
  const most = 32_000
  const totals = new Totals(t0, 0, most)
  const add = (from: number, to: number) => {
    const flows = columnsOf(
      Array.from({ length: to - from }, (_, i) => {
        const [upper, lower] = [(from + i) >> 8, (from + i) & 255]
        return testFlow({ source: `10.1.${upper}.${lower}`, destinationPort: 22, octets: 10 })
      }),
    )
    totals.addRows(flows, Int32Array.from({ length: flows.count }, (_, i) => i), new Uint8Array(flows.count)) // prettier-ignore
  }
  for (let at = 0; at < 40_000; at += 1000) add(at, at + 1000)
  const { bytes } = totals
  totals.pack()
  assert.ok(totals.bytes < bytes)
  add(0, 2)
  for (let at = 40_000; at < 60_000; at += 1000) add(at, at + 1000)
  assert.ok(totals.keys < 1.25 * most)
  const rows = totals.rows(100_000)
  assert.equal(bytesOf(rows, 'total'), 10 * 60_002)
  for (const host of ['10.1.0.0', '10.1.0.1']) assert.equal(bytesOf(rows, 'host', host), 20, host)
})

/** The bytes of a measurement, or of one host in it. */
function bytesOf(
  rows: readonly MeasurementRows[],
  measurement: MeasurementRows['measurement'],
  host?: string,
): number {
  const { tags, sum } = rows.find((each) => each.measurement === measurement)!
  return sum.bytes.reduce(
    (bytes, each, i) => (host === undefined || tags.host![i] === host ? bytes + each : bytes),
    0,
  )
}
