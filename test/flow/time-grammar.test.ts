import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import fc from 'fast-check'

import { dependsOnZone, isRelative, parseTime } from '../../flow/time-grammar.ts'
import { instantOf, offsetText, wallTime, zoneOffsetMs } from '../../flow/zone.ts'

const now = Date.parse('2026-11-16T11:32:10.500Z')

function read(text: string, zone = 'UTC', side: 'from' | 'to' = 'from'): string | null {
  const t = parseTime(text, { now, zone, side })
  return t === null ? null : new Date(t).toISOString()
}

describe('times as people write them', () => {
  test('relative to now', () => {
    assert.equal(read('now'), '2026-11-16T11:32:10.500Z')
    assert.equal(read('now-6h'), '2026-11-16T05:32:10.500Z')
    assert.equal(read('now+90m'), '2026-11-16T13:02:10.500Z')
    assert.equal(read('now/d'), '2026-11-16T00:00:00.000Z')
    assert.equal(read('now/d', 'UTC', 'to'), '2026-11-17T00:00:00.000Z')
    assert.equal(read('now/d+8h'), '2026-11-16T08:00:00.000Z')
    assert.equal(read('now-1M/M'), '2026-10-01T00:00:00.000Z')
    assert.equal(read('now-1M/M', 'UTC', 'to'), '2026-11-01T00:00:00.000Z')
    assert.equal(read('now-1w/w'), '2026-11-09T00:00:00.000Z')
    assert.equal(read('now/Q'), '2026-10-01T00:00:00.000Z')
    assert.equal(read('now-5y'), '2021-11-16T11:32:10.500Z')
    assert.equal(read('now/h', 'Asia/Kolkata'), '2026-11-16T11:30:00.000Z')
    assert.ok(isRelative('now-1h') && !isRelative('2026-11-16'))
  })

  test('a month back from the end of a long one is the end of the short one', () => {
    const t = parseTime('now-1M', {
      now: Date.parse('2027-03-31T10:00:00Z'),
      zone: 'UTC',
      side: 'from',
    })
    assert.equal(new Date(t!).toISOString(), '2027-02-28T10:00:00.000Z')
  })

  test('days follow the calendar of the zone, hours do not', () => {
    const at = Date.parse('2026-10-26T11:00:00Z')
    const back = (text: string) =>
      new Date(parseTime(text, { now: at, zone: 'Europe/Brussels', side: 'from' })!).toISOString()
    assert.equal(back('now-2d'), '2026-10-24T10:00:00.000Z')
    assert.equal(back('now-48h'), '2026-10-24T11:00:00.000Z')
  })

  test('ISO 8601, with and without zone', () => {
    assert.equal(read('2026-11-16'), '2026-11-16T00:00:00.000Z')
    assert.equal(read('2026-11-16 11:31', 'Europe/Brussels'), '2026-11-16T10:31:00.000Z')
    assert.equal(read('2026-11-16T11:31:05.25Z', 'Europe/Brussels'), '2026-11-16T11:31:05.250Z')
    assert.equal(read('2026-11-16T11:31:05+01:00'), '2026-11-16T10:31:05.000Z')
    assert.equal(read('2026-11-16T11:31:05-0330'), '2026-11-16T15:01:05.000Z')
  })

  test('unix seconds and milliseconds', () => {
    assert.equal(read('1794828730'), '2026-11-16T11:32:10.000Z')
    assert.equal(read('1794828730.25'), '2026-11-16T11:32:10.250Z')
    assert.equal(read('1794828730250'), '2026-11-16T11:32:10.250Z')
  })

  test('anything else is not a time', () => {
    const wrong = [
      '',
      'now-',
      'now-6x',
      'now6h',
      'yesterday',
      '2026-13-01',
      '2026-02-30',
      '12',
      'now-999999y',
    ]
    for (const text of [...wrong, '2026-11-16T25:00', '2026-11-16T11:60', '-5'])
      assert.equal(read(text), null, text)
  })

  test('any text gives a time or null, and never throws', () => {
    const piece = fc.constantFrom(
      'now',
      '-',
      '+',
      '/',
      '6',
      '1',
      'h',
      'd',
      'M',
      'Q',
      ' ',
      '2026-',
      ':',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((p) => p.join('')),
        ),
        (text) => {
          const t = parseTime(text, { now, zone: 'America/New_York', side: 'to' })
          assert.ok(t === null || Number.isFinite(t))
        },
      ),
    )
  })
})

/** Zones with days of 23, 24 and 25 hours; in the last four the clock goes forward at midnight. */
const changingZones = [
  'UTC',
  'Europe/Brussels',
  'America/New_York',
  'Australia/Lord_Howe',
  'America/Santiago',
  'America/Havana',
  'Africa/Cairo',
  'Asia/Beirut',
]

test('a day that begins at one o’clock, because the clock goes forward at midnight, ends at midnight', () => {
  const day = (date: string, zone: string) =>
    (['from', 'to'] as const).map((side) =>
      new Date(parseTime('now/d', { now: Date.parse(date), zone, side })!).toISOString(),
    )
  assert.deepEqual(day('2026-09-06T15:00:00Z', 'America/Santiago'), [
    '2026-09-06T04:00:00.000Z',
    '2026-09-07T03:00:00.000Z',
  ])
  assert.deepEqual(day('2026-04-24T10:00:00Z', 'Africa/Cairo'), [
    '2026-04-23T22:00:00.000Z',
    '2026-04-24T21:00:00.000Z',
  ])
})

test('property: a day, week, month or year begins where the previous one ends, and contains its time', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 631_152_000, max: 2_500_000_000 }),
      fc.constantFrom(...changingZones),
      fc.constantFrom('d', 'w', 'M', 'Q', 'y'),
      (second, zone, unit) => {
        const at = (time: number, side: 'from' | 'to') =>
          parseTime(`now/${unit}`, { now: time, zone, side })!
        const time = second * 1000
        const [from, to] = [at(time, 'from'), at(time, 'to')]
        assert.ok(from <= time && time < to)
        assert.equal(at(to, 'from'), to, 'the next begins where this one ends')
        assert.equal(at(to - 1, 'from'), from, 'its last millisecond belongs to it')
      },
    ),
    { numRuns: 1000 },
  )
})

test('the zone matters for days, weeks and clock times without an offset', () => {
  for (const text of [
    'now/d',
    'now-1d',
    'now-2w',
    'now-1M/M',
    'now-1y',
    '2026-11-16',
    '2026-11-16 11:30',
  ])
    assert.ok(dependsOnZone(text), text)
  for (const text of [
    'now',
    'now-6h',
    'now-30m+5s',
    '2026-11-16T11:30Z',
    '2026-11-16 11:30 +01:00',
    '1794828000',
    'noon',
  ])
    assert.ok(!dependsOnZone(text), text)
})

describe('local time', () => {
  const zones = [
    'UTC',
    'Europe/Brussels',
    'America/New_York',
    'Australia/Lord_Howe',
    'Asia/Kolkata',
  ]

  test('an instant is recovered from its local time, except for the hour that occurs twice', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4_000_000_000 }),
        fc.constantFrom(...zones),
        (second, zone) => {
          const t = second * 1000
          const found = instantOf(wallTime(t, zone), zone)
          assert.ok(found === t || zoneOffsetMs(found, zone) > zoneOffsetMs(t, zone))
          assert.deepEqual(wallTime(found, zone), wallTime(t, zone))
        },
      ),
    )
  })

  test('a skipped time is read with the offset before, a repeated one is the first', () => {
    const at = (day: number, month: number, hour: number, minute: number) =>
      new Date(instantOf({ year: 2026, month, day, hour, minute }, 'Europe/Brussels')).toISOString()
    assert.equal(at(29, 3, 2, 30), '2026-03-29T01:30:00.000Z')
    assert.equal(at(25, 10, 2, 30), '2026-10-25T00:30:00.000Z')
  })

  test('offsets are shown', () => {
    assert.equal(offsetText(now, 'UTC'), 'UTC')
    assert.equal(offsetText(now, 'Europe/Brussels'), 'UTC+1')
    assert.equal(offsetText(now, 'Asia/Kolkata'), 'UTC+5:30')
    assert.equal(offsetText(now, 'America/St_Johns'), 'UTC−3:30')
  })
})
