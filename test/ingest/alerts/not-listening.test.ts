/** Alerts on exporters after time in which the collector itself did not listen. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import type { AlertCondition, AlertSubject } from '../../../store/alert.ts'
import { encodeV5, testUptimeMs } from '../../encode/fixed.ts'
import { scratchFolder } from '../../processes.ts'
import { openSinks } from '../../sinks.ts'
import { Simulated, storyStart } from './simulated.ts'

const minuteMs = 60_000
const silentSeconds = 120

const silence: AlertSubject = { kind: 'silent', seconds: silentSeconds }

/** A collector with an alert, and an exporter that sends once a minute. */
async function opened(t: TestContext, subject: AlertSubject, condition?: AlertCondition) {
  const sinks = await openSinks(t)
  const data = await scratchFolder()
  let simulated = await Simulated.open(t, sinks, { data })
  await simulated.alert('s', { name: 'S', subject, ...(condition && { condition }), targets: [], author: 'anna' }) // prettier-ignore
  let events = 0
  /** How many flows the exporter sent. */
  let sequence = 0
  return {
    events: () => events + simulated.events.length,
    /** Lets minutes pass, at the end of each of which the exporter sends, or not. */
    async pass(minutes: number, { sends }: { sends: boolean }) {
      for (let i = 0; i < minutes; i++) {
        await simulated.runTo(simulated.nowMs + minuteMs)
        if (sends) send(simulated, sequence++)
      }
    },
    /** A start after minutes in which the collector did not run, and the exporter may have sent. */
    async restartAfter(minutes: number, { sent = 0 } = {}) {
      sequence += sent
      events += simulated.events.length
      const { nowMs, pipeline } = simulated
      await simulated.state.close()
      simulated = await Simulated.open(t, sinks, { data })
      assert.ok(simulated.pipeline.decoder.restore(pipeline.decoder.snapshot()))
      simulated.nowMs = nowMs + minutes * minuteMs
    },
    /** Minutes in which the machine slept. */
    sleep(minutes: number, { sent = 0 } = {}) {
      sequence += sent
      simulated.nowMs += minutes * minuteMs
    },
  }
}

function send({ pipeline, nowMs }: Simulated, sequence: number): void {
  const uptimeMs = testUptimeMs + nowMs - storyStart
  const payload = encodeV5({ uptimeMs, exportMs: nowMs, sequence }, [
    { first: uptimeMs, last: uptimeMs },
  ])
  pipeline.take({ payload, source: '192.0.2.1', sourcePort: 2055, receivedMs: nowMs })
}

test('rounds that take longer than the time between them do not queue up', async (t) => {
  const simulated = await Simulated.open(t, await openSinks(t))
  await simulated.alert('s', { name: 'S', subject: silence, targets: [], author: 'anna' })
  const { engine, nowMs } = simulated
  await engine.tick(nowMs)
  const evaluated = () => (engine.states.get('s')?.at ?? 0) * 1000
  const rounds = Array.from({ length: 20 }, (_, i) => engine.tick(nowMs + (i + 1) * 5000))
  await Promise.all(rounds)
  assert.equal(evaluated(), nowMs + 5000)
  await engine.tick(nowMs + 105_000)
  assert.equal(evaluated(), nowMs + 105_000)
})

test('an exporter is not silent because the collector did not run, or its machine slept', async (t) => {
  const collector = await opened(t, silence)
  await collector.pass(3, { sends: true })
  await collector.restartAfter(10)
  await collector.pass(3, { sends: true })
  collector.sleep(10)
  await collector.pass(3, { sends: true })
  assert.equal(collector.events(), 0)
})

test('an exporter that does not send after a start is silent once that is sure', async (t) => {
  const collector = await opened(t, silence)
  await collector.pass(3, { sends: true })
  await collector.restartAfter(10)
  await collector.pass(2, { sends: false })
  assert.equal(collector.events(), 0)
  await collector.pass(2, { sends: false })
  assert.equal(collector.events(), 1)
})

test('a silence that was reported is not reported again after a start', async (t) => {
  const collector = await opened(t, silence)
  await collector.pass(1, { sends: true })
  await collector.pass(5, { sends: false })
  assert.equal(collector.events(), 1)
  await collector.restartAfter(10)
  await collector.pass(5, { sends: false })
  assert.equal(collector.events(), 1)
})

test('what was sent while the collector did not run, or its machine slept, is no loss to report', async (t) => {
  const collector = await opened(t, { kind: 'loss' }, { is: 'above', value: 20 })
  await collector.pass(12, { sends: true })
  await collector.restartAfter(10, { sent: 10 })
  await collector.pass(12, { sends: true })
  collector.sleep(10, { sent: 10 })
  await collector.pass(12, { sends: true })
  assert.equal(collector.events(), 0)
})
