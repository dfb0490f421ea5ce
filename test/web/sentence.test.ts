import assert from 'node:assert/strict'
import { test } from 'node:test'

import { RequestError } from '../../web/client.ts'
import { sentence } from '../../web/sentence.ts'

test('the API’s messages begin with a capital and end with a full stop', () => {
  for (const [said, shown] of [
    ['a login is needed', 'A login is needed.'],
    ['filter: expected a field', 'Filter: expected a field.'],
    ['"yesterday" is not a time', '"yesterday" is not a time.'],
    ['Is it still running?', 'Is it still running?'],
    ['fd00::1: samples packets', 'fd00::1: samples packets.'],
    ['fe::1: samples packets', 'fe::1: samples packets.'],
    ['pfsense.bigbiz.local is away', 'pfsense.bigbiz.local is away.'],
    ['', ''],
  ] as const)
    assert.equal(sentence(said), shown)
})

test('an error of the API becomes two sentences', () => {
  const { message, remedy } = new RequestError('a login is needed', {
    remedy: 'log in on the page',
    status: 401,
  })
  assert.equal(`${message} ${remedy}`, 'A login is needed. Log in on the page.')
})
