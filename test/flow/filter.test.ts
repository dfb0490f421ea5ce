import assert from 'node:assert/strict'
import { test } from 'node:test'

import { FilterError, parseFilter } from '../../flow/filter.ts'

test('conditions of equality are read, joined by and', () => {
  assert.equal(parseFilter('  '), null)
  assert.deepEqual(parseFilter('host 10.0.0.22'), {
    kind: 'host',
    side: 'either',
    address: '10.0.0.22',
  })
  assert.deepEqual(parseFilter('src host 10.0.0.22 and dst port 443 and proto TCP and in if 3'), {
    kind: 'and',
    terms: [
      { kind: 'host', side: 'source', address: '10.0.0.22' },
      { kind: 'port', side: 'destination', port: 443 },
      { kind: 'protocol', protocol: 'tcp' },
      { kind: 'interface', side: 'in', index: 3 },
    ],
  })
})

test('an error names the position and what was expected', () => {
  const cases: [string, number, RegExp][] = [
    ['host', 4, /an address/],
    ['host bobby', 5, /an address/],
    ['port 99999', 5, /a port/],
    ['host 10.0.0.22 or port 3', 15, /"and" or the end/],
    ['bytes > 10', 0, /host, port/],
    ['src proto tcp', 4, /host or port/],
    ['in 3', 3, /"if"/],
    ['host 10.0.0.1 and', 17, /host, port/],
  ]
  for (const [text, position, expected] of cases)
    assert.throws(
      () => parseFilter(text),
      (error) => {
        assert.ok(error instanceof FilterError, text)
        assert.equal(error.position, position, text)
        assert.match(error.expected, expected)
        return true
      },
    )
})
