import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseFilter } from '../../flow/filter/parse.ts'
import { narrowed } from '../../web/controls/narrowed.ts'

test('a condition is added to a filter once, even if another begins with it', () => {
  assert.equal(narrowed(' ', 'host 10.0.0.2'), 'host 10.0.0.2')
  assert.equal(narrowed('host 10.0.0.22', 'host 10.0.0.2'), 'host 10.0.0.22 and host 10.0.0.2')
  for (const said of ['host 10.0.0.2', 'port 80 and (host 10.0.0.2)'])
    assert.equal(narrowed(said, 'host 10.0.0.2'), said)
  assert.equal(narrowed('port 80 or port 443', 'proto tcp'), '(port 80 or port 443) and proto tcp')
})

test('a condition is added although the filter has it in another part', () => {
  const cases = [
    ['not host 10.0.0.2', 'not host 10.0.0.2 and host 10.0.0.2'],
    ['host 10.0.0.2 or port 80', '(host 10.0.0.2 or port 80) and host 10.0.0.2'],
    ['port 80 # web', '(port 80 # web\n) and host 10.0.0.2'],
    ['host 10.0.0.2 # or all', '(host 10.0.0.2 # or all\n) and host 10.0.0.2'],
  ]
  for (const [filter, expected] of cases) assert.equal(narrowed(filter!, 'host 10.0.0.2'), expected)
  for (const [filter] of cases) assert.ok(parseFilter(narrowed(filter!, 'host 10.0.0.2')))
  assert.equal(narrowed('port 80', ''), 'port 80')
})
