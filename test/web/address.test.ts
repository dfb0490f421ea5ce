import assert from 'node:assert/strict'
import { test } from 'node:test'

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
import { mainPresets, morePresets, presetOf } from '../../web/time/presets.ts'
import { parseTime } from '../../flow/time-grammar.ts'
import { fieldText, isoText, rangeText, stepText } from '../../web/time/words.ts'

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
  for (const preset of [...mainPresets, ...morePresets]) {
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
    stepText(
      Date.parse('2026-10-25T00:00:00Z'),
      Date.parse('2026-10-25T02:00:00Z'),
      'Europe/Brussels',
    ),
    'Sun 25 Oct 02:00 – 03:00 (clock changed)',
  )
})
