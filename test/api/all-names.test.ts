import assert from 'node:assert/strict'
import { test } from 'node:test'

import { labelOf } from '../../api/names/labels.ts'
import { AllNames } from '../../api/names/all-names.ts'
import { Names } from '../../flow/names/names.ts'
import type { IngestStatus } from '../../flow/status.ts'
import { exporterStatus } from '../exporter-status.ts'

const told = {
  ...exporterStatus,
  address: '10.0.0.1',
  interfaces: [
    { index: 1, name: 'ge-0/0/1', alias: null, speed: 1e9 },
    { index: 2, name: 'ge-0/0/2', alias: null, speed: 1e9 },
  ],
  applications: { '218103885': 'ssh' },
}

test('labels use the names that exporters report, and the administrator’s in preference', async () => {
  const names = new AllNames({ own: { names: new Names({ exporters: { '10.0.0.1': { interfaces: { 2: 'uplink' } } } }) } }) // prettier-ignore
  const label = (key: Record<string, string | number>) => labelOf(key, names, '10.0.0.1')
  assert.equal(label({ interface: 1, direction: 'in' }), 'interface 1 in')
  const source = names.following({ read: () => Promise.resolve({ exporters: [told] } as unknown as IngestStatus) }) // prettier-ignore
  await source.read()
  assert.equal(label({ interface: 1, direction: 'in' }), 'ge-0/0/1 (1) in')
  assert.equal(label({ counter: 2 }), 'counter uplink (2)')
  assert.equal(label({ application: '13:77' }), 'ssh (application 13:77)')
  assert.equal(label({ application: '13:78' }), 'application 13:78')
})

test('a protocol of 0 is also that of traffic without one', () => {
  const names = new AllNames({ own: { names: new Names({}) } })
  const labels = [{ protocol: 'hopopt' }, { protocol: 'hopopt', port: 'none' }, { protocol: 'tcp' }]
  assert.deepEqual(
    labels.map((key) => labelOf(key, names)),
    ['hopopt or not reported', 'hopopt or not reported', 'tcp'],
  )
})

test('an interface named by the administrator keeps the speed that its exporter reports', async () => {
  const own = new Names({ exporters: { '10.0.0.1': { interfaces: { 2: 'uplink', 9: 'dmz' } } } })
  const names = new AllNames({ own: { names: own } })
  await names.following({ read: () => Promise.resolve({ exporters: [told] } as unknown as IngestStatus) }).read() // prettier-ignore
  assert.deepEqual(names.interface('10.0.0.1', 2), { index: 2, name: 'uplink', alias: null, speed: 1e9 }) // prettier-ignore
  assert.deepEqual(
    names.interfaces('10.0.0.1').map(({ index }) => index),
    [2, 9],
  )
})
