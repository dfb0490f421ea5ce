import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { cutTop } from '../../store/cut.ts'
import { fieldNames } from '../../store/measurement.ts'
import { rowsBack, rowsOf, type Row } from './series-rows.ts'

const isLocal = (host: string) => host.startsWith('10.')

test('keeps the top keys by bytes of both directions, and adds up the rest by direction', () => {
  const rows = rowsOf('host', [
    { host: '203.0.113.1', direction: 'in', bytes: 50, packets: 1, flows: 1, active: 1 },
    { host: '203.0.113.2', direction: 'in', bytes: 30, packets: 2, flows: 2, active: 2 },
    { host: '203.0.113.2', direction: 'out', bytes: 30, packets: 4, flows: 4, active: 4 },
    { host: '203.0.113.3', direction: 'in', bytes: 9, packets: 8, flows: 8, active: 8 },
    { host: '203.0.113.4', direction: 'out', bytes: 8, packets: 16, flows: 16, active: 16 },
    { host: '203.0.113.5', direction: 'in', bytes: 1, packets: 32, flows: 32, active: 32 },
  ])
  assert.deepEqual(rowsBack(cutTop(rows, { top: 2, isLocal })), [
    { host: '203.0.113.1', direction: 'in', bytes: 50, packets: 1, flows: 1, active: 1 },
    { host: '203.0.113.2', direction: 'in', bytes: 30, packets: 2, flows: 2, active: 2 },
    { host: '203.0.113.2', direction: 'out', bytes: 30, packets: 4, flows: 4, active: 4 },
    { host: 'other', direction: 'in', bytes: 10, packets: 40, flows: 40, active: 40 },
    { host: 'other', direction: 'out', bytes: 8, packets: 16, flows: 16, active: 16 },
  ])
})

test('local hosts come first, ties by text; for ports there is no local', () => {
  const hosts = rowsOf('host_port', [
    { host: '203.0.113.1', protocol: 'tcp', port: '443', direction: 'in', bytes: 50 },
    { host: '10.0.0.2', protocol: 'tcp', port: '443', direction: 'in', bytes: 1 },
    { host: '10.0.0.1', protocol: 'tcp', port: '443', direction: 'in', bytes: 1 },
  ])
  const [kept] = rowsBack(cutTop(hosts, { top: 1, isLocal }))
  assert.equal(kept?.host, '10.0.0.1')
  const ports = rowsOf('port', [
    { protocol: 'tcp', port: '443', direction: 'in', bytes: 5 },
    { protocol: 'udp', port: '443', direction: 'in', bytes: 6 },
  ])
  assert.deepEqual(rowsBack(cutTop(ports, { top: 1, isLocal })), [
    { protocol: 'other', port: 'other', direction: 'in', bytes: 5 },
    { protocol: 'udp', port: '443', direction: 'in', bytes: 6 },
  ])
})

test('rows that need no cut are returned unchanged', () => {
  const total = rowsOf('total', [
    { direction: 'in', bytes: 1 },
    { direction: 'out', bytes: 2 },
  ])
  assert.equal(cutTop(total, { top: 1, isLocal }), total)
  const host = rowsOf('host', [
    { host: '10.0.0.1', direction: 'in', bytes: 1 },
    { host: 'other', direction: 'in', bytes: 9 },
  ])
  assert.equal(cutTop(host, { top: 1, isLocal }), host)
})

test('property: sums are preserved, rows may be in any order, and repeated cuts give the same', () => {
  const row = fc.record({
    host: fc.integer({ min: 0, max: 30 }).map((i) => (i % 3 ? `10.0.0.${i}` : `203.0.113.${i}`)),
    direction: fc.constantFrom('in', 'out'),
    bytes: fc.nat({ max: 100 }),
    packets: fc.nat({ max: 9 }),
    flows: fc.nat({ max: 3 }),
    active: fc.nat({ max: 1e9 }),
  })
  const rows = fc.uniqueArray(row, { selector: (each) => `${each.host} ${each.direction}` })
  fc.assert(
    fc.property(
      rows,
      fc.integer({ min: 1, max: 12 }),
      fc.infiniteStream(fc.nat()),
      (list, top, dice) => {
        const cut = rowsBack(cutTop(rowsOf('host', list), { top, isLocal }))
        const shuffled = list
          .map((each) => [dice.next().value, each] as const)
          .sort(([a], [b]) => a - b)
          .map(([, each]) => each)
        assert.deepEqual(rowsBack(cutTop(rowsOf('host', shuffled), { top, isLocal })), cut)
        const lower = Math.max(1, top - 3)
        assert.deepEqual(
          rowsBack(cutTop(rowsOf('host', cut), { top: lower, isLocal })),
          rowsBack(cutTop(rowsOf('host', list), { top: lower, isLocal })),
        )
        for (const field of fieldNames)
          for (const direction of ['in', 'out'])
            assert.equal(sumOf(cut, direction, field), sumOf(list, direction, field))
        const keys = new Set(cut.filter(({ host }) => host !== 'other').map(({ host }) => host))
        assert.equal(keys.size, Math.min(top, new Set(list.map(({ host }) => host)).size))
      },
    ),
  )
})

function sumOf(
  rows: readonly Row[],
  direction: string,
  field: (typeof fieldNames)[number],
): number {
  return rows
    .filter((row) => row.direction === direction)
    .reduce((sum, row) => sum + (row[field] ?? 0), 0)
}
