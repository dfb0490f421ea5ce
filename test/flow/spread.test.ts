import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { activeWithin, countUpTo, countWithin } from '../../flow/spread.ts'

const counts = fc.maxSafeNat()
const times = fc.integer({ min: 0, max: 7 * 86_400_000 })

test('of ten units over ten seconds, one falls in each second', () => {
  for (let second = 0; second < 10; second++)
    assert.equal(countWithin(10, { first: 0, last: 10_000 }, second * 1000, (second + 1) * 1000), 1)
})

test('a flow of zero length, or one that ends before it begins, counts where it begins', () => {
  for (const last of [5000, 4000]) {
    assert.equal(countWithin(7, { first: 5000, last }, 5000, 6000), 7)
    assert.equal(countWithin(7, { first: 5000, last }, 4000, 5000), 0)
    assert.equal(countWithin(7, { first: 5000, last }, 6000, 7000), 0)
  }
})

test('the shares of any partition of time add up to the count', () => {
  fc.assert(
    fc.property(counts, times, times, fc.array(times, { maxLength: 20 }), (count, a, b, cuts) => {
      const flow = { first: Math.min(a, b), last: Math.max(a, b) }
      const edges = [0, ...cuts.toSorted((x, y) => x - y), 8 * 86_400_000]
      let sum = 0
      for (let i = 1; i < edges.length; i++) {
        const share = countWithin(count, flow, edges[i - 1]!, edges[i]!)
        assert.ok(share >= 0)
        sum += share
      }
      assert.equal(sum, count)
    }),
  )
})

test('a share is the floor of the exact quotient, however large the product', () => {
  fc.assert(
    fc.property(counts, times, times, times, (count, a, b, at) => {
      const [first, last] = [Math.min(a, b), Math.max(a, b)]
      const t = Math.min(last - 1, Math.max(first + 1, at))
      fc.pre(first < t && t < last)
      const exact = (BigInt(count) * BigInt(t - first)) / BigInt(last - first)
      assert.equal(BigInt(countUpTo(count, first, last, t)), exact)
    }),
  )
})

test('the active time is the part of a flow within the window', () => {
  assert.equal(activeWithin(1000, 5000, 0, 10_000), 4000)
  assert.equal(activeWithin(1000, 5000, 2000, 3000), 1000)
  assert.equal(activeWithin(1000, 5000, 5000, 9000), 0)
  assert.equal(activeWithin(1000, 1000, 0, 9000), 0)
})
