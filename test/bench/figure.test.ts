/** The table that `npm run bench` prints. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { isMet, lineOf, median, ratioOf } from './figure.ts'

const rate = { what: 'held', value: 2.5, unit: 'M flows/s' }

test('a figure is printed with the comparison, the ratio, the target, and whether it is met', () => {
  const figure = { ...rate, beside: { name: 'nfcapd', value: 5 }, asked: { least: 0.4, ofBeside: true as const } } // prettier-ignore
  assert.equal(
    lineOf(figure).replace(/ +/g, ' '),
    'held 2.50 M flows/s 0.50 × nfcapd (5.00) ≥ 0.400 × met',
  )
  assert.match(lineOf({ ...figure, asked: { most: 2 } }), /≤ 2 +SHORT$/)
  assert.equal(lineOf(rate).replace(/ +/g, ' '), 'held 2.50 M flows/s')
})

test('a target applies to the value or to the ratio, as a minimum or a maximum', () => {
  assert.equal(isMet(rate), null)
  assert.equal(isMet({ ...rate, asked: { least: 2.5 } }), true)
  assert.equal(isMet({ ...rate, asked: { least: 2.6 } }), false)
  assert.equal(isMet({ ...rate, asked: { most: 2.4 } }), false)
  const half = { ...rate, beside: { name: 'nfcapd', value: 5 } }
  assert.equal(isMet({ ...half, asked: { least: 0.5, ofBeside: true } }), true)
  assert.equal(isMet({ ...half, asked: { least: 0.6, ofBeside: true } }), false)
})

test('if a program held nothing, or there is none, nothing is compared', () => {
  const asked = { least: 1, ofBeside: true } as const
  assert.equal(ratioOf({ ...rate, beside: { name: 'x', value: 0 } }), null)
  assert.equal(isMet({ ...rate, beside: { name: 'x', value: 0 }, asked }), null)
  assert.equal(isMet({ ...rate, asked }), null)
})

test('the median of several measurements counts', () => {
  assert.equal(median([9, 1, 3]), 3)
})
