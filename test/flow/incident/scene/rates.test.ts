import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import fc from 'fast-check'

import { changeOf, percentile, Rates, smoothed } from '../../../../flow/incident/scene/rates.ts'
import { runsOf } from '../../../../flow/incident/scene/runs.ts'

const grid = { from: 0, seconds: 20 }

suite('rates', () => {
  test('an amount is spread evenly over its time', () => {
    const rates = new Rates(grid)
    rates.add(1500, 3500, 200)
    assert.deepEqual([...rates.take().subarray(0, 5)], [0, 50, 100, 50, 0])
  })

  test('amounts within the grid add up', () => {
    const span = fc.record({
      first: fc.integer({ min: 0, max: 19_999 }),
      ms: fc.integer({ min: 0, max: 20_000 }),
      amount: fc.integer({ min: 0, max: 1e9 }),
    })
    fc.assert(
      fc.property(fc.array(span), (spans) => {
        const rates = new Rates(grid)
        let whole = 0
        for (const { first, ms, amount } of spans) {
          const last = Math.min(first + ms, 20_000)
          rates.add(first, last, amount)
          whole += amount
        }
        const sum = rates.take().reduce((a, b) => a + b, 0)
        assert.ok(Math.abs(sum - whole) <= 1e-6 * Math.max(1, whole), `${sum} of ${whole}`)
      }),
    )
  })

  test('amounts beyond the grid are cut off at its edges', () => {
    const rates = new Rates(grid)
    rates.add(-10_000, 30_000, 4000)
    assert.ok(Math.abs(rates.take().reduce((a, b) => a + b, 0) - 2000) < 1e-6)
  })

  test('means, percentiles and runs', () => {
    assert.deepEqual([...smoothed([0, 3, 0, 0], 3)], [1.5, 1, 1, 0])
    assert.equal(percentile([5, 1, 3], 0.5), 3)
    const runs = runsOf(10, 1, (t) => [2, 3, 5, 8].includes(t))
    assert.deepEqual(runs, [
      { from: 2, to: 6 },
      { from: 8, to: 9 },
    ])
  })

  test('the second in which a rate changes is found', () => {
    const counts = [7, 6, 9, 7, 0, 1, 0, 0, 0]
    assert.equal(changeOf(counts, { from: 0, to: 9 }, { before: 7, after: 0.3 }), 4)
    const back = [0, 0, 1, 0, 8, 6, 7]
    assert.equal(changeOf(back, { from: 0, to: 7 }, { before: 0.3, after: 7 }), 4)
  })
})
