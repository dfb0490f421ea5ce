import assert from 'node:assert/strict'
import { test } from 'node:test'

import { filterSuggestions, type KnownNames } from '../../flow/filter/suggest.ts'

const known: KnownNames = {
  exporters: [
    { address: '10.0.0.1', name: 'pfsense' },
    { address: '10.0.0.2', name: null },
  ],
  interfaces: ['wan', 'my lan'],
  networks: ['office', 'bobby22.bigbiz.local'],
  services: ['http', 'https', 'ssh'],
}

/** The texts suggested at the position of |. */
function suggested(text: string): string[] {
  const position = text.indexOf('|')
  return filterSuggestions(text.replace('|', ''), position, known).map((each) => each.text)
}

test('what may follow at a position', () => {
  const cases: readonly [text: string, some: readonly string[]][] = [
    ['|', ['host', 'port', 'not', '(']],
    ['ho|', ['host']],
    ['host 10.0.0.1 |', ['and', 'or']],
    ['host 10.0.0.1 a|', ['and']],
    ['(host 10.0.0.1 |', ['and', 'or', ')']],
    ['exporter |', ['pfsense', '10.0.0.2']],
    ['exporter pf|', ['pfsense']],
    ['not exporter pf| and port 1', ['pfsense']],
    ['host o|', ['office']],
    ['ip in [10.0.0.1 bob|', ['bobby22.bigbiz.local']],
    ['in if |', ['wan', '"my lan"']],
    ['in if "my|', ['"my lan"']],
    ['proto tc|', ['tcp', 'tcf']],
    ['dst port ht|', ['http', 'https']],
    ['port 80,-ht|', ['http', 'https']],
    ['src |', ['port', 'host', 'local', 'remote']],
    ['direction |', ['in', 'out', 'internal', 'transit']],
    ['PORT HTTP|', ['https']],
    ['bob|', ['host bobby22.bigbiz.local']],
    ['port 1 and not off|', ['host office']],
    ['10.0.0.22|', ['host 10.0.0.22']],
    ['(2001:db8::/32|', ['host 2001:db8::/32']],
  ]
  for (const [text, some] of cases)
    for (const each of some) assert.ok(suggested(text).includes(each), `${text}: ${each}`)
})

test('nothing if the filter is invalid, or nothing is known', () => {
  assert.deepEqual(suggested('hots 1 and |'), [])
  assert.deepEqual(suggested('port 1|'), [])
  assert.deepEqual(suggested('bytes > |'), [])
  assert.deepEqual(suggested('nobody|'), [])
  assert.deepEqual(suggested('10.0.0|'), [])
})

test('a suggestion says which characters it replaces', () => {
  const [first] = filterSuggestions('port 1 and exporter pf or port 2', 22, known)
  assert.deepEqual(first, { text: 'pfsense', about: '10.0.0.1', from: 20, to: 22 })
})
