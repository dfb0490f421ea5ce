/** Traffic reported on both sides of an address translation is counted once. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import { dropTranslated } from '../../../../flow/incident/flows/translated.ts'
import { t0, tableOf, type TestFlow } from '../tables.ts'

const router = '192.0.2.1'
const host = '10.0.0.22'
const out = { source: host, destination: '203.0.113.80', bytes: 5000, packets: 9 }
const back = { source: out.destination, destination: host, sourcePort: 443, destinationPort: 50_000, bytes: 70_000 } // prettier-ignore

/** The sources and destinations of what is left, and how many were dropped. */
function left(flows: readonly Partial<TestFlow>[]) {
  const table = tableOf(flows)
  const dropped = dropTranslated(table)
  const ends = Array.from({ length: table.count }, (_, row) => [
    table.hosts.text(table.source[row]!),
    table.hosts.text(table.destination[row]!),
    table.bytes[row],
  ])
  return { dropped, ends }
}

suite('what is reported with the address of a host and of the router', () => {
  test('is left with that of the host, in both directions', () => {
    const { dropped, ends } = left([
      { ...out, source: router, sourcePort: 1024, first: t0 + 2 },
      out,
      back,
      { ...back, destination: router, destinationPort: 1024, first: t0 + 900 },
    ])
    assert.equal(dropped, 2)
    assert.deepEqual(ends, [
      [host, out.destination, 5000],
      [out.destination, host, 70_000],
    ])
  })

  test('is dropped once for each record of the host', () => {
    const translated = { ...out, source: router, sourcePort: 1024 }
    assert.equal(left([out, translated, translated]).dropped, 1)
    assert.equal(left([out, out, translated, translated]).dropped, 2)
  })

  test('is what others sent, if that is most of what passes between remote ends', () => {
    const alike = { ...out, source: router, sourcePort: 1024 }
    const more = { source: '192.0.2.9', destination: '198.51.100.7', bytes: 5001 }
    const { dropped, ends } = left([out, alike, more])
    assert.equal(dropped, 0)
    assert.equal(ends.length, 3)
  })

  const others: Record<string, Partial<TestFlow>> = {
    'to another peer': { destination: '203.0.113.81' },
    'to another port': { destinationPort: 80 },
    'by another protocol': { protocol: 17 },
    'of other bytes': { bytes: 5001 },
    'of other packets': { packets: 8 },
    'at another time': { first: t0 + 5000, last: t0 + 5000 },
    'in the other direction': { source: out.destination, destination: router, sourcePort: 443, destinationPort: 50_000 }, // prettier-ignore
    'between two hosts': { destination: '10.0.0.23' },
  }
  for (const [name, other] of Object.entries(others))
    test(`is not what went ${name}`, () => {
      assert.equal(left([out, { ...out, source: router, ...other }]).dropped, 0)
    })
})
