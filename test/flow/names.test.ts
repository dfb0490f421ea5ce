import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Names, NamesError } from '../../flow/names.ts'

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
