import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { SeriesAnswer } from '../../api/schema/schema.ts'
import { knownRanges, undrawnRanges, unknownRanges } from '../../web/chart/unknown.ts'

const answer: SeriesAnswer = {
  from: 0,
  to: 60,
  asked: { from: 0, to: 60 },
  snapped: false,
  step: 10,
  source: '2h',
  cf: 'average',
  measure: 'bits',
  by: [],
  time: [0, 10, 20, 30, 40, 50],
  series: [],
  unknown: [[0, 10, 'not-listening']],
  lost: [],
  open: null,
  remarks: [],
}
const values = [null, 1, null, null, 0, null]

test('a step without a value is unknown with or without a reason, and zero is not', () => {
  assert.deepEqual(unknownRanges(answer, { above: values, below: values }, 1000), [
    [0, 10, 'not-listening', ''],
    [20, 40, '', ''],
    [50, 60, '', ''],
  ])
})

test('the future is not unknown', () => {
  assert.deepEqual(unknownRanges(answer, { above: values, below: values }, 25), [
    [0, 10, 'not-listening', ''],
    [20, 25, '', ''],
  ])
})

const day = 86_400
const morning = [3 * day + 32_400, 3 * day + 46_800] as const
/** Five days, of which a morning is known; asked on the last. */
const days: SeriesAnswer = {
  ...answer,
  to: 5 * day,
  asked: { from: 0, to: 4.5 * day },
  step: day,
  source: '1d',
  time: [0, day, 2 * day, 3 * day, 4 * day],
  unknown: [
    [0, morning[0], 'not-seen'],
    [morning[1], 4.5 * day - 2, 'not-seen'],
  ],
}
const drawn = (...indices: number[]) => {
  const above = days.time.map((_, i) => (indices.includes(i) ? 1 : null))
  return { above, below: above }
}

test('what is known is what is not said to be unknown, without the seconds since the answer', () => {
  assert.deepEqual(knownRanges(days, 4.5 * day + 60), [[...morning]])
  assert.deepEqual(knownRanges({ ...days, unknown: [] }, 4.5 * day + 60), [[0, 4.5 * day]])
  const lost: SeriesAnswer = { ...days, unknown: [[0, 5 * day, 'lost']] }
  assert.deepEqual(knownRanges(lost, 5 * day), [])
  assert.deepEqual(knownRanges({ ...lost, unknownOf: ['edge-1'] }, 5 * day), [[0, 4.5 * day]])
})

test('a morning known in a year is not drawn, and that it is there is marked', () => {
  const summary = { average: null, maximum: null, minimum: null, last: null, p95: null, total: 1 }
  const series = [{ key: { direction: 'in' }, label: 'in', values: [], summary }]
  const known: SeriesAnswer = { ...days, series }
  assert.deepEqual(undrawnRanges(known, drawn(), 5 * day), [[...morning]])
  assert.deepEqual(undrawnRanges(days, drawn(), 5 * day), [], 'of what could not be fetched')
  assert.deepEqual(undrawnRanges(known, drawn(3), 5 * day), [])
  const twoDays: SeriesAnswer = { ...known, unknown: [[0, day + 43_300, 'not-seen']] }
  assert.deepEqual(undrawnRanges(twoDays, drawn(2, 3, 4), 5 * day), [], 'an edge of what is drawn')
})
