/**
 * What every series store must do: the same tests for files, InfluxDB and ClickHouse. A store's own
 * test file calls `seriesContract` with a way to open an empty one.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { readingTests } from './series-contract/reading.ts'
import {
  a,
  fine,
  SharedSeries,
  stepsOf,
  type SeriesUnderTest,
} from './series-contract/shared-series.ts'
import { writingTests } from './series-contract/writing.ts'
import { coverageOf, dayMs, stepOf, tiers } from './series-rows.ts'

interface ContractOptions {
  /**
   * A time (unix ms) near all test data; a whole number of days. Stores that apply retention by the
   * clock need a recent one.
   */
  origin: number
  /** Runs of each property test. */
  runs?: number
}

/** Registers the tests of the contract with node:test. */
export function seriesContract(
  name: string,
  open: () => Promise<SeriesUnderTest>,
  { origin, runs = 10 }: ContractOptions,
): void {
  describe(`series store: ${name}`, () => {
    const series = new SharedSeries(open, origin)
    before(() => series.open())
    after(() => series.close())
    readingTests(series)
    writingTests(series, runs)
  })

  describe(`series store: ${name}: extent and retention`, () => {
    const series = new SharedSeries(open, origin)
    before(() => series.open())
    after(() => series.close())

    test('extent grows with what is written; expiry removes steps before a time, of one tier', async () => {
      const { store } = series
      assert.equal(await store.extent(fine), null)
      const start = origin - 10 * dayMs
      const times = [0, 1, 2, 3, 4].map((i) => start + i * dayMs)
      const total = (time: number) =>
        stepOf(coverageOf(time, a), { total: [{ direction: 'in', bytes: 1, known: 1 }] })
      await store.write(
        fine,
        times.map((time) =>
          stepOf(coverageOf(time, a), { total: [{ direction: 'in', bytes: 1 }] }),
        ),
      )
      await store.write(tiers['1d'], times.map(total))
      assert.deepEqual(await store.extent(fine), { from: times[0], to: times[4] })
      const before2 = times[2]!
      await store.expire(fine, before2)
      const range = { tier: fine, from: start, to: start + 9 * dayMs }
      assert.deepEqual(
        (await store.coverage(range)).map(({ time }) => time),
        times.slice(2),
      )
      const query = { ...range, measurement: 'total' as const, by: [], keys: [] }
      assert.deepEqual([...(await store.read(query)).time], times.slice(2))
      assert.deepEqual((await stepsOf(store, fine, [range.from, range.to], a)).length, 3)
      assert.deepEqual(await store.extent(tiers['1d']), { from: times[0], to: times[4] })
      const { from, to } = (await store.extent(fine))!
      assert.ok(from >= before2 && from <= times[2]! && to === times[4])
    })
  })
}
