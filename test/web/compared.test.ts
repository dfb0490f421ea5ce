import assert from 'node:assert/strict'
import { test } from 'node:test'

import { comparedText } from '../../web/chart/compared.ts'

test('a dashed line is explained, and so is its absence', () => {
  const known = { compared: { above: [null, 3], below: [null, null] } }
  const unknown = { compared: { above: [null], below: [null] } }
  assert.equal(comparedText('364d', known), 'dashed: a year before')
  assert.equal(comparedText('1d', unknown), 'nothing is known of the day before')
  assert.equal(comparedText('1d', { compared: null }), '')
  assert.equal(comparedText('none', known), '')
})
