import assert from 'node:assert/strict'
import { test } from 'node:test'

import { RequestError } from '../../web/client.ts'
import type { SeriesAnswer } from '../../api/schema/schema.ts'
import { recentOf } from '../../web/dashboard/figure.ts'
import { liveLayers } from '../../web/dashboard/live-layers.ts'
import { repeat } from '../../web/dashboard/repeat.ts'
import { isWithin } from '../../web/wall/within.ts'

test('night is a range of clock times that may cross midnight', () => {
  const at = (hour: number, minute = 0) => ({ hour, minute })
  assert.ok(isWithin('22:00-06:30', at(23)))
  assert.ok(isWithin('22:00-06:30', at(6, 29)))
  assert.ok(!isWithin('22:00-06:30', at(6, 30)))
  assert.ok(isWithin('1-5', at(3)))
  assert.ok(!isWithin('1-5', at(12)))
  for (const text of ['', 'night', '22:00']) assert.ok(!isWithin(text, at(23)), text)
})

test('live seconds: bits by direction; one without data is unknown, the newest is incomplete', () => {
  const rows = new Map([
    [100, { in: [10, 1, 1], out: [5, 1, 1] }],
    [103, { in: [20, 2, 1] }],
    [104, { in: [1, 1, 1] }],
  ])
  const layers = liveLayers(rows, { measure: 'bits', seconds: 4 })
  assert.deepEqual(layers?.answer.time, [100, 101, 102, 103])
  assert.deepEqual(layers?.total.above, [80, null, null, 160])
  assert.deepEqual(layers?.total.below, [40, null, null, 0])
  assert.equal(liveLayers(new Map(), { measure: 'bits', seconds: 60 }), null)
})

test('a legend shows the last five complete minutes, without the seconds still to be reported', () => {
  const time = Array.from({ length: 10 }, (_, i) => 60 * i)
  const values = [1, 1, 9, 9, 4, 4, 4, 4, 4, 0]
  const only = (from: number, to: number) =>
    values.map((value, i) => (i >= from && i < to ? value : null))
  const step = 60
  const of = (given: (number | null)[], open: [number, number] | null) =>
    recentOf([given], { time, step, open, unknown: [] })?.values[0]
  assert.equal(of(values, [540, 570]), 4)
  assert.equal(of(values, null), 16 / 5)
  assert.equal(of(only(0, 4), null), 5)
  assert.equal(of(only(9, 10), [540, 570]), 0)
  assert.equal(of([], null), undefined)
  const long = { time: [0, 1800], step: 1800, open: null }
  assert.deepEqual(recentOf([[3, 5]], { ...long, unknown: [] }), { values: [5], end: 3600 })
  const silent: SeriesAnswer['unknown'] = [[3000, 4000, 'not-seen']]
  assert.equal(recentOf([[3, 5]], { ...long, unknown: silent })?.end, 3000)
  // One that is known only earlier is not known now.
  assert.deepEqual(recentOf([only(0, 4), values], { time, step, open: null, unknown: [] }), { values: [null, 16 / 5], end: 600 }) // prettier-ignore
})

test('a repeated request never overlaps itself, comes later while it fails, and can be stopped', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const reported: unknown[] = []
  Object.assign(globalThis, { reportError: (error: unknown) => reported.push(error) })
  t.after(() => Reflect.deleteProperty(globalThis, 'reportError'))
  const asked: PromiseWithResolvers<void>[] = []
  const told: string[] = []
  const ask = () => {
    const one = Promise.withResolvers<void>()
    asked.push(one)
    return one.promise
  }
  const end = repeat(1000, ask, ({ message }) => told.push(message))
  const away = new RequestError('away', { remedy: 'wait', status: 0 })
  const ours = new TypeError('not a function')
  /** Ends the last request, and is asked again after so long and no sooner. */
  const isAgainAfter = async (waitMs: number, error?: Error) => {
    const { length } = asked
    t.mock.timers.tick(100_000)
    assert.equal(asked.length, length)
    if (error) asked.at(-1)!.reject(error)
    else asked.at(-1)!.resolve()
    await new Promise(setImmediate)
    t.mock.timers.tick(waitMs - 1)
    assert.equal(asked.length, length)
    t.mock.timers.tick(1)
    assert.equal(asked.length, length + 1)
  }
  await isAgainAfter(1000)
  await isAgainAfter(2000, away)
  await isAgainAfter(4000, away)
  assert.deepEqual([told, reported], [['Away.', 'Away.'], []])
  await isAgainAfter(8000, ours)
  assert.deepEqual([told.length, reported], [2, [ours]])
  await isAgainAfter(1000)
  const { length } = asked
  end()
  asked.at(-1)!.reject(away)
  await new Promise(setImmediate)
  t.mock.timers.tick(100_000)
  assert.deepEqual([asked.length, told.length], [length, 2])
})
