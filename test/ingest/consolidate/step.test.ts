import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as fc from 'fast-check'

import { StepConsolidation, type StepOptions } from '../../../ingest/consolidate/step.ts'
import { cutTop } from '../../../store/cut.ts'
import { fieldNames } from '../../../store/measurement.ts'
import type { StepRows } from '../../../store/series.ts'
import { coverageOf, plain, rowsBack, rowsOf, stepOf, type Row } from '../../store/series-rows.ts'

const minute = 60_000
const exporter = '192.0.2.1'
const isLocal = (host: string) => host.startsWith('10.')
const halfHour = { time: 0, stepMs: 30 * minute, nowMs: 60 * minute, top: 1000, isLocal }

function consolidate(exporter: string, steps: readonly StepRows[], options: StepOptions): StepRows {
  const consolidation = new StepConsolidation(exporter, options)
  for (const step of steps) consolidation.add(step)
  if (consolidation.endFirstRound()) for (const step of steps) consolidation.addAgain(step)
  return consolidation.finish()
}

test('sums, greatest 5-minute values, unknown parts and known intervals', () => {
  const steps = [
    stepOf(coverageOf(0, exporter, { datagrams: 2, lostFlows: 5 }), {
      total: [{ direction: 'in', bytes: 10, packets: 3 }],
    }),
    stepOf(coverageOf(5 * minute, exporter), {
      total: [
        { direction: 'in', bytes: 30, packets: 1 },
        { direction: 'out', bytes: 4 },
      ],
    }),
    stepOf(
      coverageOf(10 * minute, exporter, {
        known: 0,
        unknown: { lost: 1 },
        lostFlowsEstimated: true,
      }),
      { total: [{ direction: 'in', bytes: 500, packets: 50 }] },
    ),
    stepOf(coverageOf(20 * minute, exporter), {}),
  ]
  const { coverage, measurements } = consolidate(exporter, steps, halfHour)
  assert.deepEqual(coverage, {
    time: 0,
    exporter,
    known: 3,
    unknown: { lost: 1 },
    datagrams: 5,
    lostFlows: 5,
    lostFlowsEstimated: true,
  })
  assert.deepEqual(rowsBack(measurements[0]!), [
    {
      direction: 'in',
      bytes: 540,
      bytes_max: 30,
      bytes_unknown: 500,
      packets: 54,
      packets_max: 3,
      packets_unknown: 50,
      known: 3,
    },
    { direction: 'out', bytes: 4, bytes_max: 4, known: 3 },
  ])
})

test('a key without a row counts as 0, unless it may be in `other`', () => {
  const host = (time: number, ...rows: Row[]) => stepOf(coverageOf(time, exporter), { host: rows })
  const steps = [
    host(0, { host: '10.0.0.1', direction: 'in', bytes: 6 }),
    host(5 * minute, { host: '10.0.0.2', direction: 'in', bytes: 5 }),
    host(
      10 * minute,
      { host: '10.0.0.2', direction: 'out', bytes: 5 },
      { host: 'other', direction: 'in', bytes: 7 },
    ),
  ]
  const { measurements } = consolidate(exporter, steps, halfHour)
  const known = rowsBack(measurements[0]!).map((row) => [row.host, row.direction, row.known])
  assert.deepEqual(known, [
    ['10.0.0.1', 'in', 2],
    // Its row in the third interval shows that it was kept there, so that nothing came in.
    ['10.0.0.2', 'in', 3],
    ['10.0.0.2', 'out', 3],
    ['other', 'in', 3],
  ])
})

test('cut rows are added to other, whose maximum is that of the sum', () => {
  const host = (time: number, ...rows: Row[]) => stepOf(coverageOf(time, exporter), { host: rows })
  const steps = [
    host(
      0,
      { host: '203.0.113.1', direction: 'in', bytes: 100 },
      { host: '203.0.113.2', direction: 'in', bytes: 7 },
      { host: '203.0.113.3', direction: 'in', bytes: 6 },
    ),
    host(
      5 * minute,
      { host: '203.0.113.1', direction: 'in', bytes: 100 },
      { host: '203.0.113.2', direction: 'in', bytes: 2 },
      { host: 'other', direction: 'in', bytes: 8 },
    ),
  ]
  const { measurements } = consolidate(exporter, steps, { ...halfHour, top: 1 })
  assert.deepEqual(rowsBack(measurements[0]!), [
    { host: '203.0.113.1', direction: 'in', bytes: 200, bytes_max: 100, known: 2 },
    { host: 'other', direction: 'in', bytes: 23, bytes_max: 13, known: 2 },
  ])
})

test('a step in progress is open, up to the end of what was counted', () => {
  const steps = [
    stepOf(coverageOf(0, exporter), {}),
    stepOf(coverageOf(5 * minute, exporter, { openUntil: 7 * minute }), {}),
  ]
  for (const inAnyOrder of [steps, steps.toReversed()]) {
    const open = consolidate(exporter, inAnyOrder, { ...halfHour, nowMs: 7 * minute })
    assert.equal(open.coverage.openUntil, 7 * minute)
  }
  assert.equal('openUntil' in consolidate(exporter, steps, halfHour).coverage, false)
  const over = consolidate(exporter, steps, { ...halfHour, nowMs: 30 * minute })
  assert.equal('openUntil' in over.coverage, false)
})

const row = fc.record({
  host: fc.integer({ min: 0, max: 9 }).map((i) => (i % 3 ? `10.0.0.${i}` : `203.0.113.${i}`)),
  direction: fc.constantFrom('in', 'out'),
  bytes: fc.nat({ max: 1000 }),
  packets: fc.nat({ max: 9 }),
})
const rows = fc.uniqueArray(row, {
  selector: (each) => `${each.host} ${each.direction}`,
  maxLength: 12,
})
/** Some of the six intervals of half an hour, each cut to its top. */
const intervals = fc
  .array(
    fc.record({
      known: fc.integer({ min: 0, max: 1 }),
      rows,
      isStored: fc.boolean(),
      top: fc.integer({ min: 1, max: 8 }),
    }),
    {
      minLength: 6,
      maxLength: 6,
    },
  )
  .map((list) =>
    list.flatMap(({ known, rows: hosts, isStored, top }, i): StepRows[] => {
      if (!isStored) return []
      const measurements = [cutTop(rowsOf('host', hosts), { top, isLocal })]
      return [{ coverage: coverageOf(i * 5 * minute, exporter, { known }), measurements }]
    }),
  )

test('property: sums are those of the 5-minute rows; maxima are no less than averages', () => {
  fc.assert(
    fc.property(intervals, fc.integer({ min: 1, max: 8 }), (steps, top) => {
      const { measurements } = consolidate(exporter, steps, { ...halfHour, top })
      const made = measurements.flatMap((block) => rowsBack(block))
      const given = steps.flatMap((step) => step.measurements.flatMap((block) => rowsBack(block)))
      for (const direction of ['in', 'out'])
        for (const field of fieldNames)
          assert.equal(sumOf(made, direction, field), sumOf(given, direction, field))
      for (const each of made)
        for (const field of fieldNames) {
          const known = (each[field] ?? 0) - (each[`${field}_unknown`] ?? 0)
          const most = each[`${field}_max`] ?? 0
          assert.ok(
            known >= 0 && most <= known && most * each.known! >= known,
            JSON.stringify(each),
          )
        }
      assert.ok(
        new Set(made.filter(({ host }) => host !== 'other').map(({ host }) => host)).size <= top,
      )
    }),
  )
})

test('property: every figure equals that of counting interval by interval', () => {
  fc.assert(
    fc.property(
      intervals,
      fc.integer({ min: 1, max: 8 }),
      fc.nat({ max: 40 }),
      (steps, top, loggedRowsMax) => {
        const { measurements } = consolidate(exporter, steps, { ...halfHour, top, loggedRowsMax })
        const made = measurements.flatMap((block) => rowsBack(block))
        const kept = new Set(made.map(({ host }) => host!))
        for (const each of made) {
          const values = steps.map((step) => valueIn(step, each, kept))
          const isKnown = steps.map(({ coverage }, i) => coverage.known > 0 && values[i] !== null)
          const sum = (list: readonly (number | null)[]) =>
            list.reduce<number>((total, value) => total + (value ?? 0), 0)
          assert.equal(each.bytes ?? 0, sum(values))
          assert.equal(each.known, isKnown.filter(Boolean).length)
          assert.equal(
            each.bytes_max ?? 0,
            Math.max(0, ...values.map((v, i) => (isKnown[i] ? v! : 0))),
          )
          assert.equal(each.bytes_unknown ?? 0, sum(values.filter((_, i) => !isKnown[i])))
        }
      },
    ),
  )
})

test('property: the order of intervals and of rows does not matter', () => {
  fc.assert(
    fc.property(
      intervals,
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.nat(), { minLength: 6 }),
      (steps, top, dice) => {
        const shuffled = steps
          .map((step, i) => [dice[i % dice.length]!, step] as const)
          .sort(([a], [b]) => a - b)
          .map(([, step]) => step)
        const options = { ...halfHour, top }
        assert.deepEqual(
          plain([consolidate(exporter, shuffled, options)]),
          plain([consolidate(exporter, steps, options)]),
        )
      },
    ),
  )
})

function sumOf(
  list: readonly Row[],
  direction: string,
  field: (typeof fieldNames)[number],
): number {
  return list
    .filter((each) => each.direction === direction)
    .reduce((sum, each) => sum + (each[field] ?? 0), 0)
}

/** The bytes of a consolidated row in one interval: null if they are hidden in `other`. */
function valueIn(step: StepRows, of: Row, kept: ReadonlySet<string>): number | null {
  const all = step.measurements.flatMap((block) => rowsBack(block))
  const isOther = (host: string) => host === 'other' || !kept.has(host)
  const own = all.filter(({ host }) => (of.host === 'other' ? isOther(host!) : host === of.host))
  const sum = own
    .filter(({ direction }) => direction === of.direction)
    .reduce((total, each) => total + (each.bytes ?? 0), 0)
  if (of.host === 'other' || own.length > 0) return sum
  return all.some(({ host }) => host === 'other') ? null : 0
}
