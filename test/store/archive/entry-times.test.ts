import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import type { ArchiveEntry } from '../../../store/archive/entry.ts'
import { EntryTimes } from '../../../store/archive/entry-times.ts'
import '../../drawn.ts'

const spanOf = fc.record({
  firstMin: fc.integer({ min: 0, max: 100 }),
  rows: fc.nat(9),
  lasts: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 80 })),
  interval: fc.integer({ min: 0, max: 100 }),
})

test('the entries of a window are all that overlap it, whatever their order and length', () => {
  let some = 0
  const property = fc.property(
    fc.array(spanOf, { maxLength: 40 }),
    fc.integer({ min: -5, max: 200 }),
    fc.integer({ min: 0, max: 60 }),
    (spans, from, length) => {
      const entries = spans.map(
        ({ lasts, ...span }, i) =>
          ({ ...span, file: String(i), lastMax: span.firstMin + lasts }) as ArchiveEntry,
      )
      const times = new EntryTimes(entries)
      const to = from + length
      const expected = entries.filter((entry) => entry.firstMin < to && entry.lastMax >= from)
      const found = times.touching({ from, to })
      assert.deepEqual(new Set(found), new Set(expected))
      assert.equal(found.length, expected.length)
      const rows = expected.reduce((sum, entry) => sum + entry.rows, 0)
      assert.equal(times.rowsTouching({ from, to }), rows)
      some += Number(found.length > 0 && found.length < entries.length)
      assert.equal(times.first, Math.min(...entries.map(({ firstMin }) => firstMin)))
      assert.equal(times.last, Math.max(...entries.map(({ lastMax }) => lastMax)))
      assert.equal(times.firstInterval, Math.min(...entries.map((entry) => entry.interval)))
    },
  )
  fc.assert(property, { numRuns: 1000 })
  assert.ok(some > 100)
})
