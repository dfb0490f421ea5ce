/** Interfaces' own counters: differences of samples, in their intervals. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'

import { intervalMs } from '../../../flow/interval.ts'
import { differenceOf } from '../../../ingest/counters/difference.ts'
import type { InterfaceCounters } from '../../../ingest/decode/sflow/counters.ts'
import { CounterTracker, type CounterState } from '../../../ingest/counters/interface-counters.ts'
import type { MeasurementRows } from '../../../store/series.ts'

const start = Date.UTC(2026, 10, 16, 11, 0, 0)
const sample = (given: Partial<InterfaceCounters> = {}): InterfaceCounters => ({
  exporter: '192.0.2.1',
  agent: 1,
  receivedMs: start,
  index: 3,
  sequence: 1,
  speed: 1e9,
  octetsIn: 0,
  octetsOut: 0,
  packetsIn: 0,
  packetsOut: 0,
  errorsIn: 0,
  errorsOut: 0,
  discardsIn: 0,
  discardsOut: 0,
  ...given,
})

const bytesOf = (rows: MeasurementRows | null, counter: string, direction: string) => {
  const at = rows?.tags.counter!.findIndex(
    (each, i) => each === counter && rows.tags.direction![i] === direction,
  )
  return at === undefined || at < 0 ? null : rows!.sum.bytes[at]!
}

describe('the difference of two samples', () => {
  const next = (given: Partial<InterfaceCounters>) => sample({ sequence: 2, receivedMs: start + 30_000, ...given }) // prettier-ignore
  test('grows with what was counted', () => {
    assert.deepEqual(differenceOf(sample(), next({ octetsIn: 5, octetsOut: 6, packetsIn: 2, packetsOut: 3 })), { octetsIn: 5, octetsOut: 6, packetsIn: 2, packetsOut: 3 }) // prettier-ignore
  })
  test('continues when 32-bit and 64-bit counters wrap', () => {
    const near = sample({ octetsIn: 2 ** 32 - 100, octetsOut: 2 ** 64 - 2 ** 20, packetsIn: 2 ** 32 - 1 }) // prettier-ignore
    assert.deepEqual(differenceOf(near, next({ octetsIn: 50, octetsOut: 0, packetsIn: 4 })), {
      octetsIn: 150,
      octetsOut: 2 ** 20,
      packetsIn: 5,
      packetsOut: 0,
    })
  })
  const resets: Record<string, [Partial<InterfaceCounters>, Partial<InterfaceCounters>]> = {
    'the number of the sample begins anew': [{ sequence: 900, octetsIn: 10 }, { sequence: 1, octetsIn: 20 }],
    'a fall that the interface is too slow for': [{ octetsIn: 2 ** 31 }, { octetsIn: 0, speed: 1e6 }],
    'a fall of 64 bits': [{ octetsOut: 2 ** 40 }, { octetsOut: 5, speed: 0 }],
  } // prettier-ignore
  for (const [name, [before, after]] of Object.entries(resets))
    test(`is absent after a counter reset: ${name}`, () =>
      assert.equal(differenceOf(sample(before), next(after)), 'reset'))
  const allOnes = Number(0xffff_ffff_ffff_ffffn)
  const uncounted: Record<string, [Partial<InterfaceCounters>, Partial<InterfaceCounters>]> = {
    'in both samples': [{ octetsIn: allOnes }, { octetsIn: allOnes }],
    'from now on': [{ octetsOut: 1000 }, { octetsOut: allOnes }],
    'until now': [
      { octetsIn: allOnes, speed: 0 },
      { octetsIn: 1000, speed: 0 },
    ],
  }
  for (const [name, [before, after]] of Object.entries(uncounted))
    test(`is unknown, not 0, where the agent does not count octets: ${name}`, () =>
      assert.equal(differenceOf(sample(before), next(after)), 'unknown'))
  test('is absent for a late sample', () => {
    const late = sample({ sequence: 1, receivedMs: start + 500 })
    assert.equal(differenceOf(sample({ sequence: 2, octetsIn: 9 }), late), 'late')
  })
})

describe('the totals of intervals', () => {
  test('add up to what was counted, whenever samples come', () => {
    const steps = fc.array(
      fc.record({ afterMs: fc.integer({ min: 1, max: 500_000 }), octets: fc.nat(2 ** 31) }),
      { minLength: 1, maxLength: 40 },
    )
    fc.assert(
      fc.property(steps, (given) => {
        const tracker = new CounterTracker(Number.POSITIVE_INFINITY)
        let receivedMs = start + 1234
        let octetsIn = 7
        tracker.take(sample({ receivedMs, octetsIn, speed: 0 }))
        given.forEach(({ afterMs, octets }, i) => {
          receivedMs += afterMs
          octetsIn += octets
          tracker.take(sample({ receivedMs, octetsIn, speed: 0, sequence: i + 2 }))
        })
        let sum = 0
        for (const [, intervals] of tracker.snapshot()[0]!.intervals)
          for (const [, figures] of intervals) sum += figures[0]!
        assert.equal(sum, octetsIn - 7)
      }),
      { numRuns: 100 },
    )
  })

  test('of two agents behind one exporter are those of each, and add up', () => {
    const tracker = new CounterTracker()
    for (const [i, sequence] of [1, 2, 3].entries())
      for (const [agent, octetsIn] of [
        [1, 1000 * i],
        [2, 5e9 + 200 * i],
      ] as const)
        // prettier-ignore
        tracker.take(sample({ agent, sequence, receivedMs: start + i * 100_000, octetsIn }))
    assert.equal(bytesOf(tracker.rows('192.0.2.1', start), '3', 'in'), 2400)
    assert.equal(tracker.counters.resets, 0)
  })

  test('go on over an update from a build that did not keep the agents of samples', () => {
    const before = new CounterTracker()
    before.take(sample({ receivedMs: start }))
    const kept = JSON.stringify(before.snapshot()).replace('"agent":1,', '')
    const tracker = new CounterTracker()
    tracker.restore(JSON.parse(kept) as CounterState[])
    const later = { sequence: 2, receivedMs: start + 200_000, octetsIn: sample().octetsIn + 700 }
    tracker.take(sample({ agent: 5, ...later }))
    tracker.take(sample({ agent: 6, ...later, octetsIn: 9e9 }))
    assert.equal(bytesOf(tracker.rows('192.0.2.1', start), '3', 'in'), 700)
  })

  test('are unknown, not 0, if too little is known; the open one counts as far as it goes', () => {
    const tracker = new CounterTracker()
    const at = (ms: number, octetsIn: number, sequence: number) =>
      tracker.take(sample({ receivedMs: start + ms, octetsIn, sequence }))
    at(200_000, 0, 1)
    at(290_000, 900, 2)
    assert.equal(bytesOf(tracker.rows('192.0.2.1', start, { isOpen: true }), '3', 'in'), 900)
    assert.equal(bytesOf(tracker.rows('192.0.2.1', start), '3', 'in'), null, 'it stopped there')
    at(intervalMs + 60_000, 1600, 3)
    assert.equal(bytesOf(tracker.rows('192.0.2.1', start), '3', 'in'), null)
    assert.equal(bytesOf(tracker.rows('192.0.2.1', start), 'other', 'in'), 0)
    const open = tracker.rows('192.0.2.1', start + intervalMs, { isOpen: true })
    assert.equal(bytesOf(open, '3', 'in'), 600)
    assert.equal(tracker.rows('192.0.2.9', start), null)
  })

  test('of a closed interval are of both directions, and known from half of it on', () => {
    const tracker = new CounterTracker()
    const at = (ms: number, times: number) =>
      tracker.take(
        sample({
          sequence: times + 1,
          receivedMs: start + ms,
          octetsIn: 1000 * times,
          octetsOut: 500 * times,
          packetsIn: 10 * times,
          packetsOut: 4 * times,
        }),
      )
    at(150_001, 0)
    at(intervalMs, 1)
    assert.equal(bytesOf(tracker.rows('192.0.2.1', start), '3', 'in'), null)
    at(1.5 * intervalMs, 2)
    const { tags, sum } = tracker.rows('192.0.2.1', start + intervalMs)!
    const rows = tags.counter!.map((counter, i) => [
      counter,
      tags.direction![i],
      sum.bytes[i],
      sum.packets[i],
    ])
    assert.deepEqual(rows.slice(0, 2), [
      ['3', 'in', 1000, 10],
      ['3', 'out', 500, 4],
    ])
  })

  test('are held for three intervals, and no longer', () => {
    const tracker = new CounterTracker()
    for (let i = 0; i <= 6; i++)
      tracker.take(sample({ sequence: i + 1, receivedMs: start + i * intervalMs, octetsIn: i }))
    const isHeld = (interval: number) => tracker.hasRows('192.0.2.1', start + interval * intervalMs)
    assert.deepEqual([1, 2, 3, 4, 5].map(isHeld), [false, false, true, true, true])
  })

  test('name the intervals to write again, but not for samples that were written before', () => {
    const tracker = new CounterTracker()
    const changed = () => [...tracker.changed.take().keys()]
    tracker.take(sample())
    tracker.take(sample({ sequence: 2, receivedMs: start + 60_000 }), true)
    assert.deepEqual(changed(), [])
    tracker.take(sample({ sequence: 3, receivedMs: start + intervalMs + 1 }))
    assert.deepEqual(changed(), [start, start + intervalMs])
  })

  test('interfaces that are silent make room for others', () => {
    const tracker = new CounterTracker()
    const each = (index: number, ms: number) => tracker.take(sample({ index, receivedMs: start + ms })) // prettier-ignore
    for (let index = 0; index < 16_384; index++) each(index, 0)
    each(20_000, 60_000)
    assert.equal(tracker.counters.leftOut, 1)
    each(20_000, 700_000)
    each(20_001, 700_000)
    assert.equal(tracker.counters.leftOut, 1)
  })

  test('exporters are held only with an interface, and forgotten with their last one', () => {
    const tracker = new CounterTracker()
    const each = (exporter: string, index: number, ms: number) =>
      tracker.take(sample({ exporter, index, receivedMs: start + ms }))
    const exporters = () => tracker.snapshot().map(({ address }) => address)
    for (let index = 0; index < 16_384; index++) each('192.0.2.1', index, 0)
    each('192.0.2.1', 3, 30_000)
    for (let i = 2; i < 100; i++) each(`192.0.2.${i}`, 1, 60_000)
    assert.equal(tracker.counters.leftOut, 98)
    assert.deepEqual(exporters(), ['192.0.2.1'])
    each('192.0.2.2', 1, 2_000_000)
    assert.deepEqual(exporters(), ['192.0.2.2'])
  })

  test('a gap of more than ten minutes gives no totals', () => {
    const tracker = new CounterTracker()
    tracker.take(sample())
    tracker.take(sample({ sequence: 2, octetsIn: 1e6, receivedMs: start + 700_000 }))
    assert.equal(bytesOf(tracker.rows('192.0.2.1', start + intervalMs), '3', 'in'), null)
  })

  test('continue from a snapshot as if uninterrupted', () => {
    const [whole, before, after] = [1, 2, 3].map(() => new CounterTracker())
    for (let i = 0; i < 20; i++) {
      const next = sample({
        sequence: i + 1,
        octetsIn: i * i * 1000,
        receivedMs: start + i * 30_000,
      })
      whole!.take(next)
      if (i < 11) before!.take(next)
      if (i === 11) after!.restore(JSON.parse(JSON.stringify(before!.snapshot())) as ReturnType<CounterTracker['snapshot']>) // prettier-ignore
      if (i >= 11) after!.take(next)
    }
    for (const interval of [start, start + intervalMs]) {
      assert.deepEqual(after!.rows('192.0.2.1', interval), whole!.rows('192.0.2.1', interval))
      assert.equal(after!.hasRows('192.0.2.1', interval), true)
    }
    assert.equal(after!.hasRows('192.0.2.1', start - intervalMs), false)
  })
})
