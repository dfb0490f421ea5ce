import assert from 'node:assert/strict'
import { test } from 'node:test'

import { DuckDBInstance } from '@duckdb/node-api'
import fc from 'fast-check'

import { countUpTo, countUpToSql } from '../../../flow/spread.ts'
import { drawn } from '../../drawn.ts'

const dayMs = 86_400_000
const spreading = fc.record({
  count: fc.oneof(fc.nat(1000), fc.nat(2 ** 33), fc.maxSafeNat()),
  first: fc.integer({ min: 0, max: 1_800_000_000_000 }),
  // Around 2^31 ms, where the product may no longer fit 63 bits.
  spanMs: fc.oneof(fc.integer({ min: -10, max: 10_000 }), fc.nat(60 * dayMs), fc.nat(2 ** 32)),
  part: fc.double({ min: -0.1, max: 1.1, noNaN: true }),
})

test('spreading in SQL gives the same as the function, for any count and length', async () => {
  const cases = drawn(spreading, 5000).map(({ count, first, spanMs, part }) => {
    const last = Math.max(first, first + spanMs)
    return { count, first, last, t: first + Math.round(part * (last - first)) }
  })
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  const values = cases.map(({ count, first, last, t }) => `(${count}, ${first}, ${last}, ${t})`)
  const reader = await connection.runAndReadAll(
    `SELECT (${countUpToSql('count', { first: 'first', last: 'last' }, 't')})::BIGINT AS units
     FROM (SELECT count::BIGINT AS count, first::BIGINT AS first, last::BIGINT AS last, t::BIGINT AS t
       FROM (VALUES ${values.join(', ')}) given(count, first, last, t))`,
  )
  const [found] = reader.getColumns()
  cases.forEach(({ count, first, last, t }, i) => {
    const units = countUpTo(count, first, last, t)
    assert.equal(Number(found![i]), units, `${count} units in [${first}, ${last}] up to ${t}`)
  })
  connection.closeSync()
  instance.closeSync()
})
