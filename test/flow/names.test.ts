import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Names, NamesError } from '../../flow/names/names.ts'

const names = new Names({
  networks: {
    '10.0.0.22': 'bobby22.bigbiz.local',
    '10.0.0.0/24': { name: 'office', site: 'Brussels', owner: 'facilities' },
    '10.0.0.0/8': 'everything',
    '2001:db8::/32': 'documentation',
  },
  exporters: {
    '10.0.0.1': {
      name: 'pfsense',
      interfaces: { 1: 'wan', 2: { name: 'lan', alias: 'office switch' } },
    },
  },
})

test('hosts have their own name, and that of the smallest network', () => {
  assert.equal(names.hostName('10.0.0.22'), 'bobby22.bigbiz.local')
  assert.equal(names.hostName('10.0.0.23'), null)
  assert.equal(names.networkOf('10.0.0.23')?.name, 'office')
  assert.equal(names.networkOf('10.0.0.23')?.site, 'Brussels')
  assert.equal(names.networkOf('10.1.0.1')?.name, 'everything')
  assert.equal(names.networkOf('2001:db8::1')?.name, 'documentation')
  assert.equal(names.networkOf('192.0.2.1'), null)
})

test('exporters and their interfaces have names', () => {
  assert.equal(names.exporterName('10.0.0.1'), 'pfsense')
  assert.deepEqual(names.exporterAddresses('pfsense'), ['10.0.0.1'])
  assert.equal(names.interface('10.0.0.1', 1)?.name, 'wan')
  assert.equal(names.interface('10.0.0.1', 2)?.alias, 'office switch')
  assert.equal(names.interface('10.0.0.1', 3), null)
})

test('every invalid entry is reported', () => {
  assert.throws(
    () =>
      new Names({
        networks: { '10.0.0.300': 'x', '10.0.0.1': '' },
        exporters: { router: 'x' },
        hosts: {},
      }),
    (error) => {
      assert.ok(error instanceof NamesError)
      assert.equal(error.faults.length, 4)
      return true
    },
  )
})

test('what is no mapping, and interfaces without a number or anything to say, are reported', () => {
  const interfaces = { wan: 'x', 2: 7, 3: '', 4: { speed: 1e9 }, 5: { alias: 'roof' } }
  for (const [file, count] of [
    ['office', 1],
    [['10.0.0.0/24'], 1],
    [{ networks: 'office', exporters: ['10.0.0.1'] }, 2],
    [{ exporters: { '10.0.0.1': { interfaces: 'wan' }, '10.0.0.2': { interfaces } } }, 4],
  ] as const)
    assert.throws(
      () => new Names(file),
      (error) => error instanceof NamesError && error.faults.length === count,
    )
  const { 4: fast, 5: described } = interfaces
  const read = new Names({ exporters: { '10.0.0.1': { interfaces: { 4: fast, 5: described } } } })
  assert.equal(read.interface('10.0.0.1', 4)?.speed, 1e9)
  assert.equal(read.interface('10.0.0.1', 5)?.alias, 'roof')
  assert.equal(new Names(null).interface('10.0.0.1', 4), null)
})
