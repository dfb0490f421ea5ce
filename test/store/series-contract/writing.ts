/** What is written is there, exactly and whole, and replaces what was written before. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import type { StepRows } from '../../../store/series.ts'
import {
  coverageOf,
  dayMs,
  hourMs,
  minuteMs,
  plain,
  stepOf,
  tiers,
  type Row,
} from '../series-rows.ts'
import { a, b, fine, fullStep, stepsOf, type SharedSeries } from './shared-series.ts'

export function writingTests(series: SharedSeries, runs: number): void {
  test('returns what was written, at every tier', async () => {
    const { store } = series
    const t = series.nextDay()
    for (const tier of Object.values(tiers)) {
      const isCoarse = tier !== fine
      const steps = [fullStep(t, a, isCoarse), fullStep(t + tier.stepMs, a, isCoarse)]
      await store.write(tier, [...steps, fullStep(t, b, isCoarse)])
      assert.deepEqual(await stepsOf(store, tier, [t, t + 2 * tier.stepMs], a), plain(steps))
    }
  })

  test('replaces an exporter and step completely: removed keys leave nothing', async () => {
    const { store } = series
    const t = series.nextDay()
    const host = (...rows: Row[]) => stepOf(coverageOf(t, a), { host: rows })
    const kept = stepOf(coverageOf(t, b), { total: [{ direction: 'in', bytes: 7 }] })
    const next = stepOf(coverageOf(t + fine.stepMs, a), {
      total: [{ direction: 'in', bytes: 9 }],
    })
    await store.write(fine, [
      host(
        { host: '10.0.0.1', direction: 'in', bytes: 5 },
        { host: '10.0.0.2', direction: 'in', bytes: 6 },
      ),
      kept,
      next,
    ])
    const smaller = host({ host: '10.0.0.2', direction: 'in', bytes: 1 })
    await store.write(fine, [smaller])
    const range = [t, t + 2 * fine.stepMs] as const
    assert.deepEqual(await stepsOf(store, fine, range, a), plain([smaller, next]))
    assert.deepEqual(await stepsOf(store, fine, range, b), plain([kept]))
    const empty = stepOf(coverageOf(t, a, { known: 0, unknown: { lost: 1 } }), {})
    await store.write(fine, [empty])
    assert.deepEqual(await stepsOf(store, fine, range, a), plain([empty, next]))
  })

  test('of two equal steps in one write the later counts', async () => {
    const { store } = series
    const t = series.nextDay()
    const total = (bytes: number) =>
      stepOf(coverageOf(t, a), { total: [{ direction: 'in', bytes }] })
    await store.write(fine, [total(1), total(2)])
    assert.deepEqual(await stepsOf(store, fine, [t, t + hourMs], a), plain([total(2)]))
  })

  test('keeps figures up to 2^53 exact, and sums of them', async () => {
    const { store } = series
    const t = series.nextDay()
    const most = 2 ** 52
    const total = (time: number, bytes: number) =>
      stepOf(coverageOf(time, a), { total: [{ direction: 'in', bytes }] })
    await store.write(fine, [total(t, most - 1), total(t + fine.stepMs, most)])
    const range = { tier: fine, from: t, to: t + hourMs, measurement: 'total' as const }
    const [top] = await store.top({ ...range, by: ['direction'], order: 'bytes', limit: 1 })
    assert.equal(top?.sum.bytes, 2 ** 53 - 1)
    const read = await store.read({ ...range, by: [], keys: [] })
    assert.deepEqual([...read.sum.bytes], [most - 1, most])
  })

  test('property: any writes in any order leave the last of each exporter and step', async () => {
    const step = fc.record({
      slot: fc.integer({ min: 0, max: 30 }),
      exporter: fc.constantFrom(a, b),
      known: fc.integer({ min: 0, max: 1 }),
      hosts: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 4 }),
      bytes: fc.nat({ max: 1_000_000 }),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { maxLength: 8 }), { maxLength: 5 }),
        async (writes) => {
          const { store } = series
          const t = series.nextDay()
          const model = new Map<string, StepRows>()
          for (const write of writes) {
            const steps = write.map(({ slot, exporter, known, hosts, bytes }) =>
              stepOf(
                coverageOf(
                  t + slot * 70 * minuteMs - ((slot * 70 * minuteMs) % fine.stepMs),
                  exporter,
                  { known },
                ),
                {
                  host: hosts.map((i) => ({
                    host: `10.0.0.${i}`,
                    direction: 'in',
                    bytes: bytes + i,
                  })),
                },
              ),
            )
            await store.write(fine, steps)
            for (const each of steps)
              model.set(`${each.coverage.time} ${each.coverage.exporter}`, each)
          }
          for (const exporter of [a, b]) {
            const expected = [...model.values()]
              .filter(({ coverage }) => coverage.exporter === exporter)
              .sort((x, y) => x.coverage.time - y.coverage.time)
            assert.deepEqual(
              await stepsOf(store, fine, [t, t + 2 * dayMs], exporter),
              plain(expected),
            )
          }
          const range = {
            tier: fine,
            from: t,
            to: t + 2 * dayMs,
            measurement: 'host' as const,
            by: ['host'] as const,
          }
          const sum = [...model.values()].flatMap(({ measurements }) => [
            ...measurements[0]!.sum.bytes,
          ])
          const expected = sum.reduce((total, bytes) => total + bytes, 0)
          const top = await store.top({ ...range, order: 'bytes', limit: 99 })
          assert.equal(
            top.reduce((total, row) => total + row.sum.bytes, 0),
            expected,
          )
          const read = await store.read({ ...range, keys: top.slice(0, 2).map(({ key }) => key) })
          assert.equal(
            read.sum.bytes.reduce((total, bytes) => total + bytes, 0),
            expected,
          )
        },
      ),
      { numRuns: runs },
    )
  })

  test('written data is there after a restart', async () => {
    const { store } = series
    const t = series.nextDay()
    const step = fullStep(t, a, false)
    await store.write(fine, [step])
    const again = await series.reopen()
    assert.deepEqual(await stepsOf(again, fine, [t, t + hourMs], a), plain([step]))
    assert.equal((await again.extent(fine))!.from <= t, true)
  })
}
