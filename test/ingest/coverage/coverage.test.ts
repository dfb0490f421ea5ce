import assert from 'node:assert/strict'
import { test } from 'node:test'

import { clockSetMs, wasAway } from '../../../flow/incident/incident.ts'
import { intervalMs } from '../../../flow/interval.ts'
import type { DatagramContents, SequenceVerdict } from '../../../flow/sequence.ts'
import { ClockSteps } from '../../../ingest/coverage/clock-steps.ts'
import { CoverageTracker } from '../../../ingest/coverage/coverage.ts'

const exporter = '10.0.0.1'
const t0 = 1_794_819_600_000

function take(
  tracker: CoverageTracker,
  interval: number,
  verdict: SequenceVerdict,
  lost = 0,
  carries: DatagramContents = 'flows',
): void {
  const receivedMs = t0 + interval * intervalMs + 1000
  tracker.take({
    exporter,
    observationDomain: 0,
    receivedMs,
    exportMs: receivedMs,
    verdict,
    lostDatagrams: lost,
    lostFlows: lost,
    lostFlowsEstimated: false,
    carries,
  })
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
  assert.deepEqual(words(tracker, 4), ['known', 'known', 'known', 'lost'])
  assert.deepEqual([...tracker.changed.take().keys()], [t0], 'it is written again')
})
