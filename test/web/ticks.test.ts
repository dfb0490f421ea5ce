import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import fc from 'fast-check'

import { tickLabels, tickStep, tickTimes, type TickStep } from '../../web/time/ticks.ts'

const hourMs = 3_600_000

function labels(from: string, to: string, step: TickStep, zone: string): string[] {
  const times = tickTimes([Date.parse(from), Date.parse(to)], step, zone)
  return tickLabels(times, step, zone).map((label) => label.replace('\n', ' | '))
}

const everyHour: TickStep = { field: 'hour', count: 1, ms: hourMs }
const everySixHours: TickStep = { field: 'hour', count: 6, ms: 6 * hourMs }
const halfHours: TickStep = { field: 'minute', count: 30, ms: hourMs / 2 }
const everyDay: TickStep = { field: 'day', count: 1, ms: 24 * hourMs }

describe('the time axis across the change to summer time', () => {
  test('Brussels: 02:00 is skipped', () => {
    assert.deepEqual(
      labels('2027-03-27T23:00:00Z', '2027-03-28T03:00:00Z', everyHour, 'Europe/Brussels'),
      ['00:00 | Sun 28 Mar', '01:00', '03:00 | UTC+2', '04:00', '05:00'],
    )
  })
  test('New York: 02:00 is skipped', () => {
    assert.deepEqual(
      labels('2027-03-14T05:00:00Z', '2027-03-14T08:00:00Z', everyHour, 'America/New_York'),
      ['00:00 | Sun 14 Mar', '01:00', '03:00 | UTC−4', '04:00'],
    )
  })
  test('Lord Howe: half an hour is skipped', () => {
    assert.deepEqual(
      labels('2026-10-03T14:30:00Z', '2026-10-03T16:30:00Z', halfHours, 'Australia/Lord_Howe'),
      ['01:00 | Sun 4 Oct', '01:30', '02:30 | UTC+11', '03:00', '03:30'],
    )
  })
  test('São Paulo and other zones without a change have every hour', () => {
    assert.deepEqual(
      labels('2027-03-28T03:00:00Z', '2027-03-28T06:00:00Z', everyHour, 'America/Sao_Paulo'),
      ['00:00 | Sun 28 Mar', '01:00', '02:00', '03:00'],
    )
  })
})

test('an axis with room for three labels has one in a window of any length, wherever it begins', () => {
  const start = Date.parse('2026-11-01T10:29:00Z')
  for (let hours = 1; hours < 9000; hours += 7) {
    const range: [number, number] = [start, start + hours * hourMs]
    const times = tickTimes(range, tickStep(...range, 3.5), 'Europe/Brussels')
    assert.ok(times.length > 0, `${hours} hours`)
  }
})

test('every second week is the same one wherever the window begins', () => {
  const everySecondWeek: TickStep = { field: 'day', count: 14, ms: 14 * 24 * hourMs }
  const to = '2026-12-01T00:00:00Z'
  for (const from of ['2026-11-01T10:00:00Z', '2026-11-08T10:00:00Z'])
    assert.deepEqual(labels(from, to, everySecondWeek, 'UTC'), ['Mon 9 Nov | 2026', 'Mon 23 Nov'])
})

describe('the time axis across the change from summer time', () => {
  test('Brussels: 02:00 appears twice, the second time with its offset', () => {
    assert.deepEqual(
      labels('2026-10-24T23:00:00Z', '2026-10-25T03:00:00Z', everyHour, 'Europe/Brussels'),
      ['01:00 | Sun 25 Oct', '02:00', '02:00 | UTC+1', '03:00', '04:00'],
    )
  })
  test('New York: 01:00 appears twice', () => {
    assert.deepEqual(
      labels('2026-11-01T04:00:00Z', '2026-11-01T07:00:00Z', everyHour, 'America/New_York'),
      ['00:00 | Sun 1 Nov', '01:00', '01:00 | UTC−5', '02:00'],
    )
  })
  test('Lord Howe: half an hour appears twice', () => {
    assert.deepEqual(
      labels('2027-04-03T14:00:00Z', '2027-04-03T16:00:00Z', halfHours, 'Australia/Lord_Howe'),
      ['01:00 | Sun 4 Apr', '01:30', '01:30 | UTC+10:30', '02:00', '02:30'],
    )
  })
  test('Brussels by half hours: the hour appears twice, in order', () => {
    assert.deepEqual(
      labels('2026-10-24T23:30:00Z', '2026-10-25T02:00:00Z', halfHours, 'Europe/Brussels'),
      ['01:30 | Sun 25 Oct', '02:00', '02:30', '02:00 | UTC+1', '02:30', '03:00'],
    )
  })
  test('London: the window begins within the repeated hour', () => {
    assert.deepEqual(
      labels('2026-10-25T00:30:00Z', '2026-10-25T02:00:00Z', halfHours, 'Europe/London'),
      ['01:30 | Sun 25 Oct', '01:00 | UTC', '01:30', '02:00'],
    )
  })
})

describe('ticks', () => {
  test('days begin at midnight of the zone on both sides of a change', () => {
    assert.deepEqual(
      tickTimes(
        [Date.parse('2026-10-24T00:00:00Z'), Date.parse('2026-10-26T23:30:00Z')],
        everyDay,
        'Europe/Brussels',
      ).map((t) => new Date(t).toISOString()),
      ['2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z', '2026-10-26T23:00:00.000Z'],
    )
  })
  test('every six hours stays at 0, 6, 12 and 18 o’clock across a change', () => {
    assert.deepEqual(
      labels('2026-10-24T22:00:00Z', '2026-10-26T00:00:00Z', everySixHours, 'Europe/Brussels'),
      ['00:00 | Sun 25 Oct', '06:00 | UTC+1', '12:00', '18:00', '00:00 | Mon 26 Oct'],
    )
  })
  test('the finest step that fits is taken, from seconds to years', () => {
    const step = (lengthMs: number) => {
      const { field, count } = tickStep(0, lengthMs, 12)
      return `${count} ${field}`
    }
    assert.equal(step(7000), '1 second')
    assert.equal(step(420_000), '1 minute')
    assert.equal(step(6 * hourMs), '30 minute')
    assert.equal(step(30 * 24 * hourMs), '7 day')
    assert.equal(step(365 * 24 * hourMs), '1 month')
    assert.equal(step(5 * 365 * 24 * hourMs), '6 month')
  })
  test('in any window and zone they ascend, lie within, and stay below the maximum number', () => {
    const zones = [
      'UTC',
      'Europe/Brussels',
      'America/New_York',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
    ]
    fc.assert(
      fc.property(
        fc.integer({ min: 1_500_000_000, max: 2_000_000_000 }),
        fc.integer({ min: 5, max: 150_000_000 }),
        fc.constantFrom(...zones),
        (start, length, zone) => {
          const [from, to] = [start * 1000, (start + length) * 1000]
          const step = tickStep(from, to, 12)
          const times = tickTimes([from, to], step, zone)
          assert.ok(times.every((t) => t >= from && t <= to))
          assert.ok(
            times.every((t, i) => i === 0 || t > times[i - 1]!),
            'ascending',
          )
          assert.ok(times.length <= 17, `${times.length} ticks`)
          assert.equal(tickLabels(times, step, zone).length, times.length)
        },
      ),
      { numRuns: 300 },
    )
  })
})
