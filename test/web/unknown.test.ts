import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { SeriesAnswer } from '../../api/schema/schema.ts'
import { unknownRanges } from '../../web/chart/unknown.ts'

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
    [0, 10, 'not-listening'],
    [20, 40, ''],
    [50, 60, ''],
  ])
})

test('the future is not unknown', () => {
  assert.deepEqual(unknownRanges(answer, { above: values, below: values }, 25), [
    [0, 10, 'not-listening'],
    [20, 25, ''],
  ])
})
