import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import {
  formatDuration,
  formatExact,
  formatShare,
  formatScaled,
  formatShort,
  formatWithUnit,
  scaled,
} from '../../flow/units.ts'

test('figures have two decimals and a prefix of base 1000, as in RRDtool', () => {
  const cases: [number, string][] = [
    [0, '0'],
    [312, '312'],
    [0.25, '0.25'],
    [0.0042, '0.0042'],
    [0.00001234, '0.000012'],
    [999, '999'],
    [999.996, '1.00 k'],
    [1000, '1.00 k'],
    [12_345_678, '12.35 M'],
    [999_996, '1.00 M'],
    [50_336_916_389, '50.34 G'],
    [-2500, '-2.50 k'],
  ]
  for (const [value, text] of cases) assert.equal(formatScaled(value), text)
})

test('a unit follows the prefix, or a space if there is none', () => {
  assert.equal(formatWithUnit(3_999_999_960, 'B'), '4.00 GB')
  assert.equal(formatWithUnit(12_345_678, 'b/s'), '12.35 Mb/s')
  assert.equal(formatWithUnit(312, 'b/s'), '312 b/s')
  assert.equal(formatWithUnit(312, ''), '312')
})

test('an axis has no more digits than it needs', () => {
  assert.equal(formatShort(0), '0')
  assert.equal(formatShort(2500), '2.5 k')
  assert.equal(formatShort(20_000_000), '20 M')
})

test('a scaled figure equals the figure, and is below 1000', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e20, noNaN: true }), (value) => {
      const { number, prefix } = scaled(value)
      const power = ['', 'k', 'M', 'G', 'T', 'P', 'E'].indexOf(prefix)
      assert.ok(Math.abs(number * 1000 ** power - value) <= value * 1e-12)
      assert.ok(number < 999.995 || prefix === 'E')
    }),
  )
})

test('durations are shown in their two largest units', () => {
  assert.equal(formatDuration(263), '4 min 23 s')
  assert.equal(formatDuration(7200), '2 h')
  assert.equal(formatDuration(86_400 * 6 + 4 * 3600 + 59), '6 d 4 h')
  assert.equal(formatDuration(1), '1 s')
  assert.equal(formatDuration(3601), '1 h')
  assert.equal(formatDuration(0.25), '0.25 s')
})

test('whole numbers are shown in full', () => {
  assert.equal(formatExact(50_336_916_389), '50,336,916,389')
})

test('a share that is not nothing is not shown as 0', () => {
  const shown = [0, 1e-9, 0.0004, 0.0005, 0.228, 1].map((share) => formatShare(share))
  assert.deepEqual(shown, ['0.0 %', '<0.1 %', '<0.1 %', '0.1 %', '22.8 %', '100.0 %'])
})
