import assert from 'node:assert/strict'
import { test } from 'node:test'

import { clearFlowColumns, createFlowColumns } from '../../../flow/columns.ts'
import { clockSetMs, wasAway } from '../../../flow/incident/incident.ts'
import { intervalMs } from '../../../flow/interval.ts'
import type { DatagramContents, SequenceEvent, SequenceVerdict } from '../../../flow/sequence.ts'
import { ClockSteps } from '../../../ingest/coverage/clock-steps.ts'
import { CoverageTracker, exportersMax } from '../../../ingest/coverage/coverage.ts'
import { Decoder } from '../../../ingest/decode/decoder.ts'
import { decoderRowsMax } from '../../../ingest/decode/limits.ts'
import { encodeV5 } from '../../encode/fixed.ts'

const exporter = '10.0.0.1'
const t0 = 1_794_819_600_000

/** The verdict on a datagram received a second after the start of an interval. */
function eventIn(interval: number, verdict: SequenceVerdict): SequenceEvent {
  const receivedMs = t0 + interval * intervalMs + 1000
  return {
    exporter,
    observationDomain: 0,
    agent: 0,
    receivedMs,
    sinceMs: receivedMs,
    exportMs: receivedMs,
    verdict,
    lostDatagrams: 0,
    lostFlows: 0,
    lostFlowsEstimated: false,
    gaps: [],
    carries: 'flows',
    flows: 1,
  }
}

function take(
  tracker: CoverageTracker,
  interval: number,
  verdict: SequenceVerdict,
  lost = 0,
  carries: DatagramContents = 'flows',
): void {
  const event = eventIn(interval, verdict)
  const { receivedMs } = event
  const gap = { sinceMs: t0, untilMs: receivedMs, units: 1, datagrams: 1, flows: lost }
  const gaps = verdict === 'gap' ? [gap] : []
  tracker.take({ ...event, lostDatagrams: lost, lostFlows: lost, gaps, carries })
}

/** Each interval as one word: known, its reason, or nothing held. */
function words(tracker: CoverageTracker, count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const coverage = tracker.of(exporter, t0 + i * intervalMs)
    if (!coverage) return '-'
    return coverage.known === 1 ? 'known' : Object.keys(coverage.unknown).join()
  })
}

test('the datagram after a silence explains it', () => {
  const cases: [SequenceVerdict, string][] = [
    ['continues', 'known'],
    ['gap', 'lost'],
    ['restart', 'exporter-restart'],
  ]
  for (const [verdict, expected] of cases) {
    const tracker = new CoverageTracker(t0)
    take(tracker, 0, 'first')
    take(tracker, 3, verdict)
    assert.deepEqual(words(tracker, 5), ['known', expected, expected, 'known', '-'], verdict)
    assert.deepEqual(tracker.of(exporter, t0 + intervalMs), {
      time: t0 + intervalMs,
      exporter,
      known: expected === 'known' ? 1 : 0,
      unknown: expected === 'known' ? {} : { [expected]: 1 },
      datagrams: 0,
      lostFlows: 0,
      lostFlowsEstimated: false,
    })
  }
})

test('time that the collector’s own clock skipped is unknown, and no gap in the traffic', () => {
  const hours = 3_600_000
  for (const isNoticedFirst of [false, true]) {
    const tracker = new CoverageTracker(t0)
    const clock = new ClockSteps()
    const before = t0 + intervalMs + 2000
    const [wallMs, monotonicMs] = [before + hours + 15_000, 15_000]
    take(tracker, 0, 'first')
    take(tracker, 1, 'continues')
    assert.equal(clock.look(before, 0), null)
    if (!isNoticedFirst) take(tracker, 13, 'continues')
    const step = clock.look(wallMs, monotonicMs)
    tracker.clockSetForward(step!)
    if (isNoticedFirst) take(tracker, 13, 'continues')
    take(tracker, 14, 'continues')
    const skipped = Array.from({ length: 13 }, () => 'not-listening')
    assert.deepEqual(words(tracker, 15), ['known', ...skipped, 'known'])
    const [noGap] = tracker.breaks.list()
    assert.ok(noGap && !wasAway(noGap))
    assert.equal(clockSetMs(noGap), hours)
    assert.equal(clock.look(wallMs + 15_100, monotonicMs + 15_000), null, 'it goes on')
    assert.equal(clock.look(wallMs - hours, monotonicMs + 30_000), null, 'back')
  }
})

test('an interval not listened to throughout is unknown', () => {
  const tracker = new CoverageTracker(t0 + 10_000)
  take(tracker, 0, 'first')
  take(tracker, 1, 'continues')
  assert.deepEqual(words(tracker, 2), ['not-listening', 'known'])
})

test('a break in listening makes the intervals it touches unknown, even across a restart', () => {
  const before = new CoverageTracker(t0)
  for (let i = 0; i < 3; i++) take(before, i, i === 0 ? 'first' : 'continues')
  const after = new CoverageTracker(0)
  after.restore(JSON.parse(JSON.stringify(before.snapshot())) as ReturnType<typeof before.snapshot>)
  after.resume(t0 + 5 * intervalMs + 2000)
  take(after, 7, 'continues')
  assert.deepEqual(words(after, 8), [
    'known',
    'known',
    'not-listening',
    'not-listening',
    'not-listening',
    'not-listening',
    'known',
    'known',
  ])
  // The datagram after it has none before it that its break could be seen from.
  const stopped = { from: t0 + 2 * intervalMs + 1000, to: t0 + 5 * intervalMs + 2000 }
  const breaks = after.breaks.list()
  assert.deepEqual(breaks.map(({ from, to, isOurs }) => ({ from, to, isOurs })), [{ ...stopped, isOurs: true }]) // prettier-ignore
  assert.ok(breaks.every((each) => wasAway(each)))
  const shared = new CoverageTracker(0)
  shared.isShared = true
  shared.restore(before.snapshot())
  shared.resume(stopped.to)
  assert.deepEqual(shared.breaks.list(), [], 'another collector may have listened')
})

test('loss is stored with its interval, and the open interval has the time up to which it was counted', () => {
  const tracker = new CoverageTracker(t0)
  take(tracker, 0, 'first')
  take(tracker, 0, 'gap', 30)
  assert.equal(tracker.of(exporter, t0)?.lostFlows, 30)
  assert.equal(tracker.of(exporter, t0)?.lostFlowsEstimated, false)
  assert.equal(tracker.of(exporter, t0)?.openUntil, t0 + 1000)
  tracker.heartbeat(t0 + intervalMs)
  assert.equal(tracker.of(exporter, t0)?.openUntil, undefined)
})

test('an interval of data that waits for its template is unknown until that is read', () => {
  const tracker = new CoverageTracker(t0)
  take(tracker, 0, 'first', 0, 'unread')
  take(tracker, 0, 'continues', 0, 'nothing')
  take(tracker, 1, 'continues', 0, 'unread')
  take(tracker, 1, 'continues')
  take(tracker, 2, 'continues', 0, 'nothing')
  take(tracker, 3, 'continues', 0, 'unread')
  assert.deepEqual(words(tracker, 4), ['lost', 'known', 'known', 'lost'])
  tracker.changed.take()
  tracker.read(exporter, t0)
  tracker.read(exporter, t0 - intervalMs)
  assert.deepEqual(words(tracker, 4), ['known', 'known', 'known', 'lost'])
  assert.deepEqual([...tracker.changed.take().keys()], [t0], 'it is written again')
})

/** Flows lost by interval. */
function lostIn(tracker: CoverageTracker, count: number): (number | undefined)[] {
  return Array.from(
    { length: count },
    (_, i) => tracker.of(exporter, t0 + i * intervalMs)?.lostFlows,
  )
}

/** A tracker, and a decoder that tells it what a v5 exporter sends. */
function watched(): {
  tracker: CoverageTracker
  hear: (atMs: number, sequence: number, engineId?: number) => void
} {
  const tracker = new CoverageTracker(t0)
  const flows = createFlowColumns(2 * decoderRowsMax)
  const decoder = new Decoder(flows, { onSequence: (event) => tracker.take(event) })
  const hear = (atMs: number, sequence: number, engineId = 0) => {
    const header = { sequence, exportMs: t0 + atMs, uptimeMs: 60_000 + atMs, engineId }
    const payload = encodeV5(header, [{ octets: 100, packets: 1 }])
    decoder.decode({ payload, source: exporter, sourcePort: 50_000, receivedMs: t0 + atMs })
    clearFlowColumns(flows)
  }
  return { tracker, hear }
}

test('what is missing was lost since the datagram before it, in each interval in between', () => {
  const { tracker, hear } = watched()
  hear(0, 0)
  hear(4 * 60_000, 1)
  tracker.changed.take()
  // 20 flows in 10 minutes: one minute of the first interval, five of the second, four of the third.
  hear(14 * 60_000, 22)
  assert.deepEqual(lostIn(tracker, 4), [2, 10, 8, undefined])
  assert.deepEqual(words(tracker, 3), ['known', 'lost', 'known'])
  assert.deepEqual([...tracker.changed.take().keys()].sort(), [0, 1, 2].map((i) => t0 + i * intervalMs)) // prettier-ignore
})

test('a domain that was silent lost its flows in its own silence, while another went on', () => {
  const { tracker, hear } = watched()
  hear(0, 0, 1)
  hear(0, 0, 2)
  for (let at = 60_000; at < 12 * 60_000; at += 60_000) hear(at, at / 60_000, 1)
  hear(12 * 60_000, 13, 2)
  assert.deepEqual(lostIn(tracker, 3), [5, 5, 2])
  assert.deepEqual(words(tracker, 3), ['known', 'known', 'known'])
})

test('a time in which no domain sent is unknown if one of them lost something in it', () => {
  const { tracker, hear } = watched()
  for (const domain of [1, 2]) hear(0, 0, domain)
  hear(12 * 60_000, 1, 1)
  assert.deepEqual(words(tracker, 3), ['known', 'known', 'known'])
  hear(12 * 60_000 + 10, 13, 2)
  assert.deepEqual(words(tracker, 3), ['known', 'lost', 'known'])
})

test('a datagram that comes late, in the next interval, was not lost in the one before', () => {
  const { tracker, hear } = watched()
  hear(intervalMs - 3000, 0)
  hear(intervalMs - 2000, 3)
  assert.deepEqual(lostIn(tracker, 1), [2])
  hear(intervalMs - 1000, 4)
  hear(intervalMs + 10, 5)
  hear(intervalMs + 20, 1)
  hear(intervalMs + 30, 2)
  assert.deepEqual(lostIn(tracker, 2), [0, 0])
})

test('a silence is not lost once everything that was missing after it came late', () => {
  const { tracker, hear } = watched()
  hear(0, 0)
  hear(2 * intervalMs, 3)
  hear(2 * intervalMs + 5, 5)
  assert.deepEqual(words(tracker, 3), ['known', 'lost', 'known'])
  assert.equal(tracker.breaks.list().length, 1)
  hear(2 * intervalMs + 10, 2)
  assert.deepEqual(words(tracker, 3), ['known', 'lost', 'known'], 'one is still missing')
  assert.deepEqual(tracker.breaks.list().map(({ lostFlows }) => lostFlows), [1]) // prettier-ignore
  tracker.changed.take()
  hear(2 * intervalMs + 20, 1)
  assert.deepEqual(words(tracker, 3), ['known', 'known', 'known'])
  assert.deepEqual(lostIn(tracker, 3), [0, 0, 1], 'what was lost later is still lost')
  assert.deepEqual(tracker.breaks.list(), [])
  assert.ok(tracker.changed.has(exporter, t0 + intervalMs), 'it is written again')
})

test('beyond the limit, the exporter that was silent longest is no longer followed', () => {
  const tracker = new CoverageTracker(t0)
  for (let i = 0; i < exportersMax; i++)
    tracker.take({ ...eventIn(i === 7 ? 0 : 1, 'first'), exporter: `${i}` })
  assert.deepEqual(tracker.exportersIn(t0), ['7'])
  tracker.take(eventIn(1, 'first'))
  assert.deepEqual(tracker.exportersIn(t0), [])
  assert.equal(tracker.exportersIn(t0 + intervalMs).length, exportersMax)
})

test('an interval is forgotten once it is written', () => {
  const tracker = new CoverageTracker(t0)
  take(tracker, 0, 'first')
  take(tracker, 1, 'continues')
  assert.deepEqual(tracker.extent(), { from: t0, to: t0 + 2 * intervalMs })
  tracker.forget(t0 + intervalMs)
  assert.deepEqual(words(tracker, 2), ['known', 'known'], 'not written yet')
  tracker.changed.take()
  tracker.forget(t0 + intervalMs)
  assert.deepEqual(words(tracker, 2), ['-', 'known'])
  assert.deepEqual(tracker.extent(), { from: t0 + intervalMs, to: t0 + 2 * intervalMs })
})

test('what an earlier capture had of an interval is added to it', () => {
  const tracker = new CoverageTracker(t0 + 10_000)
  take(tracker, 0, 'first')
  take(tracker, 0, 'gap', 30)
  const before = { time: t0, exporter, known: 1, unknown: {}, datagrams: 5, lostFlows: 7, lostFlowsEstimated: true } // prettier-ignore
  tracker.add(before)
  tracker.add({ ...before, time: t0 - intervalMs })
  tracker.heartbeat(t0 + intervalMs)
  assert.deepEqual(tracker.of(exporter, t0), { ...before, datagrams: 7, lostFlows: 37 })
  assert.equal(tracker.of(exporter, t0 - intervalMs), null)
})

for (const how of ['a start', 'a look at the clock'])
  test(`a clock that was a year ahead: after ${how} the interval that is open ends now`, () => {
    const year = 365 * 288
    const tracker = new CoverageTracker(t0)
    take(tracker, 0, 'first')
    tracker.resume(t0 + year * intervalMs)
    take(tracker, year, 'continues')
    const backMs = t0 + intervalMs + 1000
    if (how === 'a start') tracker.resume(backMs)
    else {
      tracker.clockSays(t0 + (year - 0.5) * intervalMs)
      assert.equal(tracker.of(exporter, t0 + year * intervalMs)?.openUntil, t0 + year * intervalMs + 1000) // prettier-ignore
      tracker.clockSays(backMs)
    }
    const breaks = tracker.breaks.list().map(({ from, to }) => [from, to])
    assert.deepEqual(breaks, [[t0 + 1000, backMs]])
    take(tracker, 2, 'continues')
    assert.equal(tracker.of(exporter, t0 + 2 * intervalMs)?.openUntil, t0 + 2 * intervalMs + 1000)
  })
