import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import fc from 'fast-check'

import {
  defaultView,
  measures,
  readAddress,
  refreshChoices,
  comparisons,
  drawings,
  stepChoices,
  splits,
  writeAddress,
} from '../../web/state/address.ts'
import { presets, presetOf } from '../../web/time/presets.ts'
import { parseTime } from '../../flow/time-grammar.ts'
import {
  fieldText,
  instantText,
  isoText,
  localText,
  rangeText,
  shortInstantText,
  stepText,
} from '../../web/time/words.ts'

test('addresses are readable by people', () => {
  const view = {
    ...defaultView,
    from: '2026-11-16T11:31:00Z',
    to: '2026-11-16T11:38:00Z',
    filter: 'host 10.0.0.22 and net 10.0.0.0/8',
    only: ['tcp/443', '10.0.0.1'],
  }
  assert.equal(
    writeAddress(view),
    '?from=2026-11-16T11:31:00Z&to=2026-11-16T11:38:00Z' +
      '&filter=host+10.0.0.22+and+net+10.0.0.0/8&only=tcp/443,10.0.0.1',
  )
})

test('what is written is read back unchanged', () => {
  const key = fc.stringMatching(/^[a-zA-Z0-9.:/-]{1,20}$/)
  const view = fc.record({
    from: fc.string({ minLength: 1, maxLength: 60 }),
    to: fc.string({ minLength: 1, maxLength: 60 }),
    by: fc.constantFrom(...splits),
    measure: fc.constantFrom(...measures),
    exporter: fc.string({ maxLength: 100 }),
    filter: fc.string({ maxLength: 200, unit: 'grapheme' }),
    tz: fc.constantFrom('', 'UTC', 'Europe/Brussels', 'America/Argentina/Buenos_Aires'),
    refresh: fc.constantFrom(...refreshChoices),
    draw: fc.constantFrom(...drawings),
    compare: fc.constantFrom(...comparisons),
    step: fc.constantFrom(...stepChoices),
    p95: fc.constantFrom('off' as const, 'on' as const),
    threshold: fc.constantFrom('', '100M', '2.5G', '40'),
    explain: fc.constantFrom('', 'shown', '2026-11-16T11:32:10Z/2026-11-16T11:36:33Z'),
    only: fc.array(key, { maxLength: 5 }),
    hide: fc.array(key, { maxLength: 5 }),
  })
  fc.assert(
    fc.property(view, (shown) => {
      assert.deepEqual(readAddress(writeAddress(shown)), { view: { ...shown }, faults: [] })
    }),
  )
})

test('unreadable parameters get the default, and are reported', () => {
  const { view, faults } = readAddress('?by=hosts&measure=packets&tz=Mars/Base&colour=red&from=')
  assert.deepEqual(view, { ...defaultView, measure: 'packets' })
  assert.deepEqual(
    faults.map((fault) => fault.name),
    ['by', 'tz', 'colour'],
  )
  assert.match(faults[0]!.remedy, /host, port/)
})

test('every preset is a time, and is found again', () => {
  for (const preset of presets) {
    const context = { now: Date.now(), zone: 'Europe/Brussels' }
    const from = parseTime(preset.from, { ...context, side: 'from' })
    const to = parseTime(preset.to, { ...context, side: 'to' })
    assert.ok(from !== null && to !== null && from < to, preset.label)
    assert.equal(presetOf(preset.from, preset.to), preset)
  }
})

test('times and ranges in words', () => {
  const t = Date.parse('2026-11-16T11:32:10Z')
  assert.equal(isoText(t), '2026-11-16T11:32:10Z')
  assert.equal(fieldText(t, 'Europe/Brussels'), '2026-11-16 12:32:10')
  assert.equal(rangeText(t - 70_000, t + 350_000, 'UTC'), 'Mon 16 Nov 2026 11:31 – 11:38 · 7 min')
  assert.equal(stepText(t, t + 5000, 'UTC'), 'Mon 16 Nov 11:32:10 – 11:32:15')
  assert.equal(
    localText(
      'of 2026-11-16T21:35:00Z to 2026-11-16T22:45:00Z; 2026-11-16T23:50:00Z to 2026-11-16T23:55:00Z',
      'Europe/Brussels',
    ),
    'of Mon 16 Nov 2026 22:35:00 to 23:45:00; Tue 17 Nov 2026 00:50:00 to 00:55:00',
  )
})

describe('where the clock is set back, a time that it shows twice', () => {
  const [zone, before, after] = ['Europe/Brussels', '2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z']
  const [first, second] = [Date.parse(before), Date.parse(after)]
  const minutes = (count: number) => count * 60_000
  test('has its offset in words', () => {
    assert.equal(instantText(first, zone), 'Sun 25 Oct 2026 02:30:00 UTC+2')
    assert.equal(shortInstantText(second, zone), '25 Oct 02:30:00 UTC+1')
    assert.equal(
      rangeText(first, second - minutes(10), zone),
      'Sun 25 Oct 2026 02:30 UTC+2 – 02:20 UTC+1 · 50 min',
    )
    assert.equal(
      stepText(second, second + minutes(5), zone),
      'Sun 25 Oct 02:30 UTC+1 – 02:35 UTC+1',
    )
    assert.equal(
      stepText(first - minutes(30), second + minutes(30), zone),
      'Sun 25 Oct 02:00 UTC+2 – 03:00 (clock changed)',
    )
  })
  test('comes back from its field as the same instant', () => {
    for (const [t, name] of [
      [first, zone],
      [second, zone],
      [second, 'Europe/London'],
      [Date.parse('2027-04-03T14:45:00Z'), 'Australia/Lord_Howe'],
      [Date.parse('2027-04-03T15:15:00Z'), 'Australia/Lord_Howe'],
    ] as const) {
      const text = fieldText(t, name)
      assert.equal(parseTime(text, { now: 0, zone: name, side: 'from' }), t, text)
    }
  })
  test('others have none, where the clock is set forward neither', () => {
    assert.equal(fieldText(second + minutes(30), zone), '2026-10-25 03:00')
    assert.equal(fieldText(first - minutes(31), zone), '2026-10-25 01:59')
    const skipped = Date.parse('2026-03-29T01:00:00Z')
    assert.equal(
      stepText(skipped - minutes(5), skipped, zone),
      'Sun 29 Mar 01:55 – 03:00 (clock changed)',
    )
  })
})

test('a day in UTC is called by a date only where it is one', () => {
  const t = Date.parse('2026-10-25T00:00:00Z')
  const day = (zone: string) => stepText(t, t + 86_400_000, zone)
  assert.equal(day('UTC'), 'Sun 25 Oct 2026')
  assert.equal(day('America/New_York'), 'Sat 24 Oct 2026 20:00 – Sun 25 Oct 20:00')
})
