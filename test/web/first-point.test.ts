import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'

import type { SeriesAnswer } from '../../api/schema/schema.ts'
import { firstDue, newestShown, setNewest, takeNewest } from '../../web/dashboard/freshness.ts'
import { firstPointDue } from '../../web/state/first-point.ts'

const noon = 1_794_830_400
const [panel, other] = [{}, {}]

test('the first point is that of the first whole interval, and counted a minute after it begins', () => {
  assert.equal(firstPointDue(noon + 1), noon + 360)
  assert.equal(firstPointDue(noon + 299), noon + 360)
  assert.equal(firstPointDue(noon), noon + 60)
})

function answer(at: number, values: (number | null)[], total: number): SeriesAnswer {
  const [from, to] = [noon - 600, noon]
  const summary = { average: null, maximum: null, minimum: null, last: null, p95: null, total }
  return {
    from, to, asked: { from, to: at }, snapped: false, step: 300, source: '5m', cf: 'average',
    measure: 'bits', by: [], time: [from, from + 300], series: [{ key: {}, label: '', values, summary }],
    unknown: [[from, to, 'not-listening']], lost: [], open: null, remarks: [],
  } // prettier-ignore
}

beforeEach(() => {
  for (const each of [panel, other]) setNewest(each, undefined)
  firstDue.value = null
})

test('a wall says when the first point is due as soon as traffic arrives, and does not postpone it', () => {
  takeNewest(panel, answer(noon + 20, [null, null], 0))
  assert.equal(firstDue.value, null)
  takeNewest(panel, answer(noon + 40, [null, null], 5))
  assert.equal(firstDue.value, noon + 360)
  takeNewest(panel, answer(noon + 320, [null, null], 9))
  assert.equal(firstDue.value, noon + 360)
})

test('of a day of which less than half is known, the data is as old as what is known', () => {
  const [from, to] = [noon - 86_400, noon]
  const known: SeriesAnswer['unknown'] = [[from, noon - 7200, 'not-seen'], [noon - 3600, to, 'not-seen']] // prettier-ignore
  const day = { from, to, time: [from], step: 86_400, source: '1d' as const, unknown: known }
  takeNewest(panel, { ...answer(noon, [null], 5), ...day })
  assert.equal(newestShown.value, noon - 3600)
  assert.equal(firstDue.value, null, 'it is not the first five minutes')
})

test('if data is shown there is no first point', () => {
  takeNewest(panel, answer(noon + 40, [null, 7], 5))
  assert.equal(firstDue.value, null)
  assert.equal(newestShown.value, noon)
})

test('the age is that of what the panels show now, however new what they showed before was', () => {
  takeNewest(panel, answer(noon, [null, 7], 5))
  takeNewest(other, answer(noon, [7, null], 5))
  assert.equal(newestShown.value, noon)
  takeNewest(panel, answer(noon, [null, null], 0))
  assert.equal(newestShown.value, noon - 300)
  setNewest(other, undefined)
  assert.equal(newestShown.value, null)
  setNewest(panel, undefined)
  assert.equal(newestShown.value, undefined)
})
