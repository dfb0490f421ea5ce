/** /api/series of trackers: the time in which one was not followed is unknown, not 0. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import { openApiState } from '../../api/documents/state.ts'
import type { SeriesAnswer } from '../../api/schema/schema.ts'
import { scratchFolder } from '../processes.ts'
import { appUnderTest } from './app-under-test.ts'

const t0 = Date.UTC(2026, 10, 16, 8)
const minutes = 60_000
/** Bytes of an interval in which the tracker has this many kilobits per second. */
const bytesOf = (kilobits: number) => (kilobits * 1000 * 300) / 8

interface Kept {
  /** The tracker's kilobits per second in each of 48 intervals of 5 minutes from t0; 0: no row. */
  kilobits: readonly number[]
  /** unix ms */
  followed: number
}

/** The tracker's series in steps of 5 and 30 minutes. */
async function seriesOf(t: TestContext, { kilobits, followed }: Kept): Promise<SeriesAnswer[]> {
  const fine = kilobits.map((rate, i) => ({
    time: t0 + i * 5 * minutes,
    rows: { tracker: rate === 0 ? [] : [{ tracker: 'x', direction: 'in', bytes: bytesOf(rate) }] },
  }))
  const coarse = Array.from({ length: 8 }, (_, i) => {
    const under = fine.slice(i * 6, i * 6 + 6).flatMap(({ rows }) => rows.tracker)
    const bytes = under.reduce((sum, row) => sum + row.bytes, 0)
    const max = { bytes: Math.max(0, ...under.map((row) => row.bytes)) }
    const rows = under.length === 0 ? [] : [{ tracker: 'x', direction: 'in', bytes, max }]
    return { time: t0 + i * 30 * minutes, known: 6, rows: { tracker: rows } }
  })
  const state = openApiState(await scratchFolder())
  const span = { filter: 'any', canonical: 'any', from: followed, to: null }
  const body = { name: 'X', group: null, side: 'above', author: 'anna', spans: [span] }
  await state.change({ collection: 'trackers', id: 'x', body, revision: 0 })
  const { get } = await appUnderTest(t, {
    steps: { '5m': fine, '30m': coarse },
    options: { state },
  })
  const window = `from=${t0 / 1000}&to=${t0 / 1000 + 4 * 3600}&by=tracker`
  return [
    await get<SeriesAnswer>(`/api/series?${window}&step=300`),
    await get<SeriesAnswer>(`/api/series?${window}&step=1800`),
  ]
}

test('the 95th percentile is that of the followed time, whatever the step', async (t) => {
  const kilobits = Array.from({ length: 48 }, (_, i) => Math.max(0, i - 23))
  for (const { series, step } of await seriesOf(t, { kilobits, followed: t0 + 120 * minutes })) {
    const { values, summary } = series[0]!
    assert.deepEqual(new Set(values.slice(0, values.length / 2)), new Set([null]), `step ${step}`)
    assert.deepEqual(
      [summary.p95, summary.maximum, summary.average],
      [23_000, 24_000, 12_500],
      `step ${step}`,
    )
  }
})

test('a step that was followed in part has the mean of that part, if that is half of it', async (t) => {
  const from = (skipped: number) => Array.from({ length: 48 }, (_, i) => (i < skipped ? 0 : 1))
  for (const [skipped, first] of [
    [1, 1000],
    [2, 1000],
    [3, 1000],
    [4, null],
    [5, null],
  ] as const) {
    const followed = t0 + skipped * 5 * minutes
    const [, { series }] = (await seriesOf(t, { kilobits: from(skipped), followed })) as [SeriesAnswer, SeriesAnswer] // prettier-ignore
    const { values, summary } = series[0]!
    assert.deepEqual(values, [first, ...Array.from({ length: 7 }, () => 1000)], `${skipped}`)
    assert.deepEqual([summary.average, summary.minimum, summary.p95], [1000, 1000, 1000])
  }
})
