import assert from 'node:assert/strict'
import { test } from 'node:test'

import { sortsNow } from '../../ingest/sorting.ts'

const million = 1_000_000

test('while something else uses memory, files are sorted only when much is unsorted', () => {
  const sorted = { isChunk: false, rows: 100 * million }
  const chunks = (count: number) =>
    Array.from({ length: count }, () => ({ isChunk: true, rows: million }))
  assert.equal(sortsNow([sorted, ...chunks(10)], { isTaken: false }), true)
  assert.equal(sortsNow([sorted, ...chunks(10)], { isTaken: true }), false)
  assert.equal(sortsNow([sorted, ...chunks(11)], { isTaken: true }), true)
})
