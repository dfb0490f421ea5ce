/** Incident detection beside a running collector: judged in a thread, across restarts. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'

import { pino } from 'pino'

import { wasAway } from '../../flow/incident/incident.ts'
import type { SequenceVerdict } from '../../flow/sequence.ts'
import { BreakLog } from '../../ingest/coverage/breaks.ts'
import { IncidentWatch } from '../../ingest/incidents/watch.ts'
import { spansOf } from '../../ingest/incidents/spans.ts'
import { IncidentReader } from '../../store/incident/ledger.ts'
import { ManifestReader } from '../../store/manifest/reader.ts'
import { writeCapture } from '../encode/pcap-write.ts'
import { scratchFolder } from '../processes.ts'
import { meter } from '../scenarios/meter.ts'
import { incidentsOf } from '../scenarios/run.ts'
import { morning } from '../scenarios/office.ts'
import { scenarios } from '../scenarios/scenarios.ts'
import { readSettings } from '../settings.ts'
import { until } from '../until.ts'

const minute = 60_000
const log = pino({ level: 'silent' })

/** Resolves when what a wake-up began has ended. */
async function idle(watch: IncidentWatch): Promise<void> {
  await until(() => !watch.isJudging)
}

suite('incidents beside the collector', () => {
  test('too many pending intervals: the oldest leave the durable list too', async () => {
    const folder = await scratchFolder()
    const settings = readSettings({ WEIR_DATA: folder })
    const watch = await IncidentWatch.open(settings, log)
    const most = Array.from({ length: 8064 }, (_, i) => morning + i * 5 * minute)
    await watch.changed(most)
    assert.equal(watch.dropped, 0)
    const [later, latest] = [1, 2].map((i) => most.at(-1)! + i * 5 * minute)
    await watch.changed([later!, latest!])
    assert.deepEqual([watch.waiting, watch.dropped], [most.length, 2])
    await watch.close()
    const list = new ManifestReader(join(folder, 'incidents', 'manifest.jsonl'))
    assert.deepEqual(await list.value('pending'), [...most.slice(2), later, latest])
  })

  test('a change is judged when it is over, once, and waits across a restart', async () => {
    const folder = await scratchFolder()
    const capture = join(folder, 'upload.pcap')
    const upload = scenarios.find(({ name }) => name === 'upload')!
    await writeCapture(capture, '192.168.9.1', meter(upload.packets(), upload.meter))
    const [told] = await incidentsOf(folder, [capture])
    const settings = readSettings({ WEIR_DATA: join(folder, 'data') })
    await rm(join(settings.data, 'incidents'), { recursive: true })

    const intervals = Array.from({ length: 8 }, (_, i) => morning + i * 5 * minute)
    const early = await IncidentWatch.open(settings, log)
    await early.changed(intervals)
    early.wake(morning)
    await early.close()
    assert.deepEqual(await new IncidentReader(settings.data).between(0, 8.64e15), [])

    const watch = await IncidentWatch.open(settings, log)
    assert.equal(watch.waiting, intervals.length)
    watch.wake(morning + 120 * minute, { isRebuilding: true })
    await idle(watch)
    assert.equal(watch.judged, 0, 'what is usual is not known before the series are rebuilt')
    watch.wake(morning + 60 * minute)
    await idle(watch)
    assert.equal(watch.lastError, null)
    assert.equal(watch.judged, intervals.length)
    assert.equal(watch.waiting, 0)
    const found = await new IncidentReader(settings.data).between(0, 8.64e15)
    assert.deepEqual(found, [told])

    await watch.changed([intervals[4]!])
    watch.wake(morning + 61 * minute)
    await idle(watch)
    assert.equal(watch.waiting, 1, 'not judged again so soon')
    await watch.close()

    // The cut is in the fifth interval, and ends within it.
    const end = intervals[4]! + 5 * minute
    await rm(join(settings.data, 'incidents'), { recursive: true })
    const soon = await IncidentWatch.open(settings, log)
    const wake = async (nowMs: number, judged: number) => {
      soon.wake(nowMs)
      await idle(soon)
      assert.equal(soon.judged, judged)
    }
    await soon.changed([intervals[4]!])
    await wake(end + 15_000, 0)
    await wake(end + 30_000, 1)
    assert.equal((await new IncidentReader(settings.data).between(0, 8.64e15)).length, 1, 'told half a minute after its interval') // prettier-ignore
    assert.equal(soon.waiting, 1, 'looked at once more when late records have come')
    const list = new ManifestReader(join(settings.data, 'incidents', 'manifest.jsonl'))
    assert.deepEqual(await list.value('pending'), [intervals[4]], 'also after a kill')
    await wake(end + 45_000, 1)
    await wake(end + 105_000, 2)
    assert.equal(soon.waiting, 0)
    await soon.close()
  })

  test('an interval that cannot be judged keeps no other from being judged, and is tried again', async () => {
    const folder = await scratchFolder()
    const asked: number[][] = []
    let isCured = false
    const watch = await IncidentWatch.open(readSettings({ WEIR_DATA: folder }), log, () => ({
      hasEnded: false,
      end: async () => undefined,
      async judge({ from, to }) {
        asked.push([from, to].map((each) => (each - morning) / minute))
        if (!isCured && from <= morning && to > morning) throw new Error('it ended with SIGKILL')
        return [{ from, to, found: [], isWhole: true }]
      },
    }))
    const wake = async () => {
      watch.wake(morning + 300 * minute)
      await idle(watch)
    }
    await watch.changed(Array.from({ length: 24 }, (_, i) => morning + i * 5 * minute))
    await wake()
    assert.match(watch.lastError!, /SIGKILL/)
    await wake()
    await wake()
    assert.equal(watch.waiting, 1, JSON.stringify(asked))
    assert.deepEqual(asked.at(-1), [0, 5], 'it alone is tried again')
    assert.match(watch.lastError!, /SIGKILL/)
    isCured = true
    await wake()
    assert.deepEqual([watch.waiting, watch.judged, watch.lastError], [0, 24, null])
    await watch.close()
  })

  test('neighbouring intervals are judged together, an hour at most', () => {
    const spans = spansOf(Array.from({ length: 15 }, (_, i) => i * 5 * minute))
    assert.deepEqual(
      spans.map(({ from, to }) => [from / minute, to / minute]),
      [
        [0, 60],
        [60, 75],
      ],
    )
    assert.equal(spansOf([0, 30 * minute]).length, 2)
  })
})

suite('breaks', () => {
  const event = (verdict: SequenceVerdict, receivedMs: number, observationDomain = 0) => ({
    exporter: '192.0.2.1',
    observationDomain,
    agent: 0,
    receivedMs,
    sinceMs: receivedMs,
    exportMs: receivedMs,
    verdict,
    lostDatagrams: 0,
    lostFlows: verdict === 'gap' ? 30 : 0,
    lostFlowsEstimated: true,
    gaps: [],
    carries: 'flows' as const,
    flows: 1,
  })

  test('a silence after which the numbers do not continue is a break, one of another process too; a lost datagram is not', () => {
    const breaks = new BreakLog()
    for (const each of [
      event('first', 0),
      event('continues', minute),
      event('continues', 9 * minute),
      event('gap', 9 * minute + 1000),
      event('gap', 12 * minute),
      event('restart', 20 * minute),
      // From another port.
      event('first', 20 * minute + 1000),
      event('first', 32 * minute),
    ])
      breaks.take(each)
    assert.deepEqual(
      breaks.list().map(({ from, to, isRestart }) => [from / minute, to / minute, isRestart]),
      [
        [9 + 1 / 60, 12, false],
        [12, 20, true],
        [20 + 1 / 60, 32, true],
      ],
    )
  })

  test('an exporter that sends each datagram from another port is not started anew each time', () => {
    const breaks = new BreakLog()
    for (const t of [0, 1, 2, 3, 8, 13]) breaks.take(event('first', t * minute))
    assert.deepEqual(breaks.list(), [])
  })

  test('a clock that is set forward is no absence; datagrams that come late do not set it', () => {
    const breaks = new BreakLog()
    const sent = (receivedMs: number, aheadMs: number) =>
      breaks.take({ ...event('continues', receivedMs), exportMs: receivedMs + aheadMs })
    const every = (from: number, to: number, aheadMs: number) => {
      for (let at = from; at < to; at += 1000) sent(at, aheadMs)
    }
    every(0, minute, -400)
    every(minute, minute + 5000, -9000)
    every(minute + 5000, 2 * minute, 0)
    assert.deepEqual(breaks.list(), [])
    every(2 * minute, 3 * minute, 180_000)
    every(3 * minute, 4 * minute, -20_000)
    every(4 * minute, 5 * minute, 700_000)
    const [set, ...more] = breaks.list()
    assert.deepEqual(more, [], 'a clock set back leaves no gap, and one far off is corrected')
    assert.deepEqual(set?.clock, { from: 2 * minute - 1000, to: 2 * minute + 180_000 })
    assert.equal(wasAway(set), false)
  })

  test('an exporter is not away while one of its domains is received', () => {
    const breaks = new BreakLog()
    for (const domain of [1, 2]) breaks.take(event('first', 0, domain))
    for (let at = 2000; at <= 5 * minute; at += 2000) breaks.take(event('continues', at, 1))
    breaks.take(event('gap', 5 * minute, 2))
    assert.deepEqual(breaks.list(), [])
    // Then neither is, and the other comes first.
    breaks.take(event('continues', 6 * minute, 2))
    breaks.take(event('continues', 8 * minute, 1))
    breaks.take(event('gap', 8 * minute + 10, 2))
    assert.deepEqual(
      breaks.list().map(({ from, to }) => [from, to]),
      [[6 * minute, 8 * minute + 10]],
    )
  })

  test('each domain has its own numbers', () => {
    const breaks = new BreakLog()
    breaks.take(event('first', 0, 1))
    breaks.take(event('first', 0, 2))
    breaks.take(event('continues', 5 * minute, 1))
    breaks.take(event('gap', 5 * minute + 10, 2))
    assert.equal(breaks.list().length, 1)
  })
})
