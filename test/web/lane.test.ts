import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Incident } from '../../api/schema/explain.ts'
import { clusters } from '../../web/chart/lane-clusters.ts'
import { chartCsv } from '../../web/chart/chart-csv.ts'
import type { Layers } from '../../web/chart/layers.ts'
import { rangeParameter, readRange, windowAround } from '../../web/explain/ranges.ts'
import { objectAddress, objectOf } from '../../web/object/address.ts'
import { nameFault } from '../../web/object/name-fault.ts'

function incident(id: string, from: number, to: number): Incident {
  const window = { from, to, seconds: to - from, kind: 'congestion' as const, ongoing: false }
  return { id, exporter: '10.0.0.1', exporterName: null, window, sentence: '', actors: [] }
}

test('incidents closer than a mark are merged; those outside the window are left out', () => {
  const all = [
    incident('c', 500, 700),
    incident('b', 130, 140),
    incident('a', 100, 110),
    incident('x', 2000, 2100),
  ]
  const made = clusters(all, { from: 0, to: 1000, near: 50 })
  assert.deepEqual(
    made.map(({ from, to, incidents }) => [from, to, incidents.map(({ id }) => id).join('')]),
    [
      [100, 140, 'ab'],
      [500, 700, 'c'],
    ],
  )
})

test('an incident that began before the window is marked at its edge', () => {
  const [cluster] = clusters([incident('a', 10, 5000)], { from: 100, to: 1000, near: 5 })
  assert.deepEqual([cluster?.from, cluster?.to], [100, 1000])
})

test('a range in an address is read back to the second', () => {
  const range = { from: 1_794_828_730_000, to: 1_794_828_993_000 }
  assert.equal(rangeParameter(range), '2026-11-16T11:32:10Z/2026-11-16T11:36:33Z')
  assert.deepEqual(readRange(rangeParameter(range)), range)
  for (const text of ['', 'shown', 'a/b', '2026-11-16/2026-11-15', '1/2/3'])
    assert.equal(readRange(text), null, text)
  const around = windowAround(1_794_828_730, 1_794_828_993)
  assert.ok(around.from < range.from - 60_000 && around.to > range.to + 60_000)
})

test('an object’s address is read back, whatever its name', () => {
  for (const name of ['2001:db8::1', '10.0.0.1/7', 'tcp/443', 'ünï %2F&?'])
    assert.deepEqual(objectOf(objectAddress({ kind: 'host', name })), { kind: 'host', name })
  assert.deepEqual(objectOf('/object/all'), { kind: 'all', name: '' })
  for (const path of ['/object', '/object/host', '/object/planet/mars', '/object/host/%zz'])
    assert.equal(objectOf(path), null, path)
})

test('the figures as CSV: the page’s time zone and unit, unknown is empty, and spreadsheets run nothing', () => {
  const layer = { key: {}, direction: 'in', half: 'above', summary: {} } as const
  const layers = [
    { ...layer, id: 'a', label: '=cmd("x")', values: [1.5, null] },
    { ...layer, id: 'b', label: 'plain', values: [0, 2] },
  ]
  const answer = { time: [0, 1], measure: 'bits' } as unknown as Layers['answer']
  const csv = chartCsv({ layers, answer } as unknown as Layers, 'Europe/Brussels')
  assert.equal(
    csv,
    'time,"\'=cmd(""x"") in (b/s)",plain in (b/s)\r\n1970-01-01T01:00:00.000+01:00,1.5,0\r\n1970-01-01T01:00:01.000+01:00,,2\r\n',
  )
  const away = { ...answer, step: 1, unknown: [[1, 2, 'lost']], unknownOf: ['a, b'] }
  const lines = chartCsv({ layers, answer: away } as unknown as Layers, 'UTC').split('\r\n')
  assert.deepEqual(
    lines.map((line) => line.split(',').slice(3).join()),
    ['without', '', '"a, b"', ''],
    'of which exporters the figures are not',
  )
})

test('an impossible name is reported as such', () => {
  for (const [kind, name] of [
    ['host', '10.0.0.1'],
    ['host', '2001:db8::1'],
    ['port', 'tcp/443'],
    ['port', 'tcp/ephemeral'],
    ['port', 'icmp/none'],
    ['protocol', 'udp'],
    ['protocol', '253'],
    ['exporter', 'pfsense'],
    ['interface', 'pfsense/1'],
    ['tracker', 'a'],
    ['all', ''],
  ] as const)
    assert.equal(nameFault({ kind, name }), null, `${kind} ${name}`)
  assert.equal(
    nameFault({ kind: 'host', name: 'not-an-ip' }),
    '“not-an-ip” is not an IPv4 or IPv6 address',
  )
  for (const [kind, name] of [
    ['port', '443'],
    ['port', 'tcp/443/1'],
    ['port', 'tcp/65536'],
    ['protocol', 'tpc'],
  ] as const)
    assert.match(nameFault({ kind, name })!, /is not/, `${kind} ${name}`)
})
