import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import { parseTime } from '../../flow/time-grammar.ts'

const now = Date.parse('2026-11-16T11:32:10.250Z')

suite('times in queries', () => {
  for (const [text, expected] of [
    ['now', '2026-11-16T11:32:10.250Z'],
    ['now-6h', '2026-11-16T05:32:10.250Z'],
    ['now-90s', '2026-11-16T11:30:40.250Z'],
    ['now-1d', '2026-11-15T11:32:10.250Z'],
    ['now-1w', '2026-11-09T11:32:10.250Z'],
    ['now/d', '2026-11-16T00:00:00.000Z'],
    ['now-1d/d', '2026-11-15T00:00:00.000Z'],
    ['now/d+8h', '2026-11-16T08:00:00.000Z'],
    ['now/w', '2026-11-16T00:00:00.000Z'],
    ['now-1M/M', '2026-10-01T00:00:00.000Z'],
    ['now/Q', '2026-10-01T00:00:00.000Z'],
    ['now/y', '2026-01-01T00:00:00.000Z'],
    ['now/h', '2026-11-16T11:00:00.000Z'],
    ['0', '1970-01-01T00:00:00.000Z'],
    ['1794828730', '2026-11-16T11:32:10.000Z'],
    ['1794828730.125', '2026-11-16T11:32:10.125Z'],
    ['1794828730125', '2026-11-16T11:32:10.125Z'],
    ['2026-11-16', '2026-11-16T00:00:00.000Z'],
    ['2026-11-16T11:32', '2026-11-16T11:32:00.000Z'],
    ['2026-11-16 11:32:10', '2026-11-16T11:32:10.000Z'],
    ['2026-11-16T11:32:10.5Z', '2026-11-16T11:32:10.500Z'],
    ['2026-11-16T11:32:10+01:00', '2026-11-16T10:32:10.000Z'],
    ['2026-11-16T11:32:10-0530', '2026-11-16T17:02:10.000Z'],
  ] as const)
    test(`${text} is ${expected}`, () => {
      const t = parseTime(text, { now, zone: 'UTC', side: 'from' })
      assert.equal(t === null ? null : new Date(t).toISOString(), expected)
    })

  for (const text of [
    '',
    'yesterday',
    'now-',
    'now-6',
    'now-6x',
    'now/',
    'now+999999y',
    '-1',
    '1e9',
    '0x10',
    '123456789012',
    '2026-02-29',
    '2026-13-01',
    '2026-11-16T24:00',
    '2026-11-16T11:60',
    '2026-11-16T11:32:10+15:00',
    '4102444801',
    'Infinity',
    'NaN',
    'now; DROP TABLE flows',
  ])
    test(`"${text}" is not a time`, () => {
      assert.equal(parseTime(text, { now, zone: 'UTC', side: 'from' }), null)
    })

  test('rounds up at the end, and in the given zone', () => {
    const at = (text: string, zone: string) =>
      new Date(parseTime(text, { now, zone, side: 'to' })!).toISOString()
    assert.equal(at('now/d', 'UTC'), '2026-11-17T00:00:00.000Z')
    assert.equal(at('now/d', 'Europe/Brussels'), '2026-11-16T23:00:00.000Z')
    assert.equal(at('now-1M/M', 'Asia/Tokyo'), '2026-10-31T15:00:00.000Z')
    assert.equal(at('2026-11-16T12:00', 'America/New_York'), '2026-11-16T17:00:00.000Z')
  })

  test('days are 23 and 25 hours long at the changes of summer time', () => {
    for (const [day, hours] of [
      ['2026-03-29', 23],
      ['2026-10-25', 25],
      ['2026-10-26', 24],
    ] as const) {
      const noon = Date.parse(`${day}T12:00:00Z`)
      const edge = (side: 'from' | 'to') =>
        parseTime('now/d', { now: noon, zone: 'Europe/Brussels', side })!
      assert.equal((edge('to') - edge('from')) / 3_600_000, hours)
    }
  })
})
