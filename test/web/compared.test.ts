import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { SeriesAnswer } from '../../api/schema/schema.ts'
import { moved } from '../../flow/time-grammar.ts'
import { byClock, comparedText } from '../../web/chart/compared.ts'

test('a dashed line is explained, and so is its absence', () => {
  const known = { compared: { above: [null, 3], below: [null, null] }, comparedIsBound: false }
  const unknown = { compared: { above: [null], below: [null] }, comparedIsBound: false }
  const none = { compared: null, comparedIsBound: false }
  assert.equal(comparedText('364d', known), 'dashed: a year before')
  assert.equal(comparedText('1d', unknown), 'nothing is known of the day before')
  assert.equal(comparedText('1d', none), '')
  assert.equal(
    comparedText('7d', { ...known, comparedIsBound: true }),
    'dashed: the week before (at least: not all exporters are known)',
  )
  assert.equal(comparedText('none', known), '')
  assert.equal(
    comparedText('7d', none, new Error('The archive begins later.')),
    'the week before cannot be drawn: The archive begins later',
  )
})

const hour = 3600

/** A day in Paris, its hours numbered by the clock, under the hours of a day a week later. */
function hoursOfWeekBefore(day: string, hours: number, hoursBefore: number): (number | null)[] {
  const from = Date.parse(day) / 1000
  const before = (t: number) => moved(t * 1000, -7, { unit: 'd', zone: 'Europe/Paris' }) / 1000
  const timesFrom = (start: number, count: number) =>
    Array.from({ length: count }, (_, i) => start + i * hour)
  const time = timesFrom(before(from), hoursBefore)
  const summary = { average: 0, maximum: 0, minimum: 0, last: 0, p95: 0, total: 0 }
  const values = time.map((_, i) => i)
  const earlier = { time, step: hour, series: [{ key: { direction: 'in' }, label: 'in', values, summary }] } // prettier-ignore
  const laid = byClock({ time: timesFrom(from, hours), step: hour }, earlier as unknown as SeriesAnswer, before) // prettier-ignore
  assert.equal(laid.time.length, hours)
  return [...laid.series[0]!.values]
}

test('an earlier day lies under the same hours, also when the clock was changed', () => {
  const whole = Array.from({ length: 24 }, (_, i) => i)
  assert.deepEqual(hoursOfWeekBefore('2026-06-10T00:00+02:00', 24, 24), whole)
  const without = (missing: number) => whole.filter((i) => i !== missing)
  assert.deepEqual(hoursOfWeekBefore('2026-03-29T00:00+01:00', 23, 24), without(2))
  const twice = [0, 1, 2, 2, ...whole.slice(3)]
  assert.deepEqual(hoursOfWeekBefore('2026-10-25T00:00+02:00', 25, 24), twice)
})

test('a time before the earlier answer, and after it, is unknown', () => {
  assert.deepEqual(hoursOfWeekBefore('2026-06-10T00:00+02:00', 4, 2), [0, 1, null, null])
})
