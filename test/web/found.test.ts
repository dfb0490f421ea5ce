import assert from 'node:assert/strict'
import { test } from 'node:test'

import { found } from '../../web/exporters/found.ts'

const unit = (index: number, name: string | null, alias: string | null = null) => ({
  index,
  name,
  alias,
  speed: null,
})
const core = {
  address: '10.1.0.1',
  name: 'core-Brussels',
  interfaces: [unit(0, '/tmp/capture'), unit(7, 'xe-0/0/1', 'Uplink Ghent'), unit(8, null)],
}
const edge = { address: '10.1.0.2', name: null, interfaces: [unit(1, 'wan')] }

function texts(sought: string): string[] {
  return found([core, edge], sought).map(
    ({ address, interfaces }) => `${address}: ${interfaces.map(({ index }) => index).join(' ')}`,
  )
}

test('an exporter is found by part of its name or address, with all of its interfaces', () => {
  assert.deepEqual(texts(''), ['10.1.0.1: 7 8', '10.1.0.2: 1'])
  assert.deepEqual(texts(' brussels '), ['10.1.0.1: 7 8'])
  assert.deepEqual(texts('10.1.0.2'), ['10.1.0.2: 1'])
})

test('an interface is found by its name, description or index, without the others', () => {
  assert.deepEqual(texts('ghent'), ['10.1.0.1: 7'])
  assert.deepEqual(texts('if8'), ['10.1.0.1: 8'])
  assert.deepEqual(texts('WAN'), ['10.1.0.2: 1'])
  assert.deepEqual(texts('capture'), [])
})
