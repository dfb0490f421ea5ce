import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { RowOrder } from '../../../store/archive/write/row-order.ts'

const spans = [1, 3, 2 ** 11, 2 ** 22, 2 ** 32, 2 ** 45]
const numbers = fc
  .record({
    least: fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
    span: fc.constantFrom(...spans),
    parts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 300 }),
  })
  .map(({ least, span, parts }) =>
    Float64Array.from(parts, (part) => least + Math.floor(part * span)),
  )

test('rows are ordered by the last key given, then by the one before, then stay in order', () => {
  const order = new RowOrder()
  fc.assert(
    fc.property(numbers, numbers, (some, others) => {
      const count = Math.min(some.length, others.length)
      const [first, last] = [some.subarray(0, count), others.subarray(0, count)]
      order.begin(count)
      order.sortBy(first)
      order.sortBy(last)
      const rows = Array.from({ length: count }, (_, row) => row)
      const wanted = rows.sort((a, b) => last[a]! - last[b]! || first[a]! - first[b]! || a - b)
      assert.deepEqual([...order.rows], wanted)
    }),
  )
})
