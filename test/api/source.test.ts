/** The source of a series: the contract's rules, case by case. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import { chooseSource, type Stored, type Wanted } from '../../api/query/source.ts'
import { readSettings } from '../settings.ts'

const { tiers } = readSettings({})
const now = Date.UTC(2026, 10, 16, 12)
const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** 90 days of archive and 5-minute totals, a year and more of the rest. */
const stored: Stored = {
  tiers: tiers.map((tier) => ({
    tier,
    extent: { from: now - Math.min(tier.keepMs, 2 * 365 * dayMs), to: now },
  })),
  archive: { rows: 1_000_000, first: now - 90 * dayMs, last: now },
}

function choice(wanted: Partial<Wanted> & { hours: number }, held: Stored = stored): string {
  const { hours, ...rest } = wanted
  const to = rest.to ?? now
  const asked = {
    to,
    from: to - hours * hourMs,
    points: 800,
    stepMs: undefined,
    withoutArchive: [],
  }
  const source = chooseSource({ ...asked, ...rest }, held)
  return source.kind === 'tier' ? source.tier.name : `archive ${source.stepMs / 1000}`
}

function refusal(wanted: Partial<Wanted> & { hours: number }, held?: Stored): string {
  try {
    choice(wanted, held)
  } catch (error) {
    return (error as { code: string }).code
  }
  return 'answered'
}

suite('the source of a series', () => {
  for (const [hours, points, expected] of [
    [1 / 6, 800, 'archive 1'],
    [1 / 6, 600, 'archive 1'],
    [1 / 6, 599, 'archive 2'],
    [1, 800, 'archive 5'],
    [6, 800, 'archive 30'],
    [6, 72, 'archive 300'],
    [6, 71, '30m'],
    [6.1, 800, '5m'],
    [24, 800, '5m'],
    [24, 288, '5m'],
    [24, 287, '30m'],
    [7 * 24, 800, '30m'],
    [60 * 24, 800, '2h'],
    [365 * 24, 800, '1d'],
    [365 * 24, 10, '1d'],
  ] as const)
    test(`${hours} h in ${points} points: ${expected}`, () => {
      assert.equal(choice({ hours, points }), expected)
    })

  test('the archive is not used if the window has too many rows', () => {
    const busy = { ...stored, archive: { ...stored.archive, rows: 50_000_001 } }
    assert.equal(choice({ hours: 1 }, busy), '5m')
    assert.equal(choice({ hours: 1, stepMs: 10_000 }, busy), 'archive 10')
  })

  test('a window that the archive no longer or not yet covers falls back to the tier', () => {
    const short = { ...stored, archive: { rows: 10, first: now - 7 * dayMs, last: now } }
    assert.equal(choice({ hours: 1, to: now - 8 * dayMs }, short), '5m')
    assert.equal(choice({ hours: 1, to: now - 8 * dayMs, stepMs: 1000 }, short), '5m')
    assert.equal(choice({ hours: 1, to: now - 8 * dayMs, stepMs: 600_000 }, short), '30m')
    assert.equal(choice({ hours: 1, to: now - 6 * dayMs }, short), 'archive 5')
    const late = { ...stored, archive: { rows: 0, first: now - dayMs, last: now - 2 * hourMs } }
    assert.equal(choice({ hours: 1 }, late), '5m')
    const empty = { ...stored, archive: { rows: 0, first: null, last: null } }
    assert.equal(choice({ hours: 1 }, empty), '5m')
  })

  test('a folder whose series begin with its archive counts as covered before that', () => {
    const first = now - 5 * hourMs
    const young: Stored = {
      tiers: tiers.map((tier) => ({
        tier,
        extent: { from: Math.floor(first / tier.stepMs) * tier.stepMs, to: now },
      })),
      archive: { rows: 10, first, last: now },
    }
    // Its coarser totals may not have been written yet.
    const [finest, ...coarser] = young.tiers
    const younger = { ...young, tiers: [finest!, ...coarser.map((each) => ({ ...each, extent: null }))] } // prettier-ignore
    for (const held of [young, younger]) {
      assert.equal(choice({ hours: 6 }, held), 'archive 30')
      assert.equal(choice({ hours: 24 }, held), '5m')
    }
  })

  test('a time no longer in the 5-minute totals is answered from the tier that holds it', () => {
    assert.equal(choice({ hours: 24, to: now - 100 * dayMs }), '30m')
    assert.equal(choice({ hours: 24, to: now - 400 * dayMs }), '2h')
    assert.equal(choice({ hours: 24, to: now - 100 * dayMs, stepMs: 300_000 }), '5m')
  })

  for (const [step, expected] of [
    [1, 'archive 1'],
    [3, 'archive 5'],
    [60, 'archive 60'],
    [61, '5m'],
    [300, '5m'],
    [301, '30m'],
    [1800, '30m'],
    [7200, '2h'],
    [86_400, '1d'],
  ] as const)
    test(`a step of ${step} s comes from ${expected}`, () => {
      assert.equal(choice({ hours: 24, stepMs: step * 1000 }), expected)
    })

  for (const [hours, stepMs, expected] of [
    [1 / 6, undefined, 'archive 1'],
    [24, undefined, 'archive 300'],
    [30 * 24, undefined, 'archive 7200'],
    [365 * 24, undefined, 'archive 86400'],
    [24, 1_800_000, 'archive 1800'],
    [24, 400_000, 'archive 1800'],
  ] as const)
    test(`with a filter ${hours} h at ${stepMs ?? 'any step'}: ${expected}`, () => {
      assert.equal(choice({ hours, stepMs, withoutArchive: ['leave out the filter'] }), expected)
    })

  test('impossible queries are refused', () => {
    assert.equal(refusal({ hours: 24, stepMs: 86_401_000 }), 'step-too-long')
    assert.equal(refusal({ hours: 48, stepMs: 1000 }), 'too-many-steps')
    assert.equal(
      refusal({ hours: 24, to: now - 100 * dayMs, withoutArchive: ['leave out the filter'] }),
      'beyond-archive',
    )
    const empty = { ...stored, archive: { rows: 0, first: null, last: null } }
    assert.equal(
      refusal({ hours: 24, withoutArchive: ['leave out the filter'] }, empty),
      'beyond-archive',
    )
    const nothing = { ...empty, tiers: tiers.map((tier) => ({ tier, extent: null })) }
    assert.equal(
      refusal({ hours: 24, withoutArchive: ['leave out the filter'] }, nothing),
      'answered',
    )
    assert.equal(choice({ hours: 24 }, nothing), '5m')
  })
})
