/** Alerts on losses and the disk, whose values only the process itself has. */
import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'

import { intervalMs } from '../../../flow/interval.ts'
import type {
  AlertCondition,
  AlertEvent,
  AlertStanding,
  AlertSubject,
} from '../../../store/alert.ts'
import { encodeV5, testUptimeMs } from '../../encode/fixed.ts'
import { scratchFolder } from '../../processes.ts'
import { openSinks } from '../../sinks.ts'
import { Simulated, storyStart } from './simulated.ts'

const everyMs = 10_000

async function watching(
  t: TestContext,
  subject: AlertSubject,
  condition: AlertCondition,
): Promise<Simulated> {
  const sinks = await openSinks(t)
  const simulated = await Simulated.open(t, sinks)
  // The first round measures at once.
  await simulated.runTo(storyStart + everyMs)
  const targets = [{ webhook: sinks.webhook }]
  await simulated.alert('a', { name: 'A', subject, condition, targets, author: 'anna' })
  return simulated
}

/** Sends a flow every ten seconds for an interval; returns the next sequence number, `lost` of which never came. */
async function sendInterval(
  simulated: Simulated,
  sent: { source: string; sequence: number; lost: number; ms?: number },
): Promise<number> {
  const { source, sequence, lost, ms = intervalMs } = sent
  const end = simulated.nowMs + ms
  let next = sequence
  for (let now = simulated.nowMs + everyMs; now <= end; now += everyMs) {
    await simulated.runTo(now)
    if (now === end - 10 * everyMs) next += lost
    const uptimeMs = testUptimeMs + now - storyStart
    const flow = { first: uptimeMs - everyMs, last: uptimeMs, octets: 1000 }
    const payload = encodeV5({ uptimeMs, exportMs: now, sequence: next }, [flow])
    simulated.pipeline.take({ payload, source, sourcePort: 2055, receivedMs: now })
    next++
  }
  return next
}

test('a full disk is told with the interval at whose end it was measured', async (t) => {
  const simulated = await watching(t, { kind: 'disk' }, { is: 'below', value: 101 })
  await simulated.runTo(storyStart + 2 * intervalMs + 30_000)
  await simulated.settle(1)
  const [event] = simulated.events
  const late = event!.at - event!.to
  assert.ok(late >= 0 && late <= 60, `measured ${late} s after the interval that is named`)
})

test('losses that are unusual are told once there is something to compare them with', async (t) => {
  const condition = { is: 'unusual', sigma: 3, observations: 12 } as const
  const simulated = await watching(t, { kind: 'loss' }, condition)
  const source = '192.0.2.1'
  let sequence = 0
  for (const lost of [0, 1, 0, 1, 0, 1, 0])
    sequence = await sendInterval(simulated, { source, sequence, lost })
  assert.deepEqual(simulated.events, [])
  sequence = await sendInterval(simulated, { source, sequence, lost: 30 })
  await sendInterval(simulated, { source, sequence, lost: 0 })
  await simulated.settle(1)
  const [event] = simulated.events as AlertEvent[]
  assert.match(event!.text, /flows lost from .*: [45]\d/)
})

test('what was reported of an exporter is forgotten after a day, and not reported again', async (t) => {
  const simulated = await watching(t, { kind: 'loss' }, { is: 'above', value: 20 })
  const marks = async () => {
    const [standing] = await simulated.state.list<AlertStanding>('alert-standings')
    return Object.keys(standing?.body.told ?? {})
  }
  const [gone, stays] = ['192.0.2.1', '192.0.2.2'] as const
  let sequence = await sendInterval(simulated, { source: gone, sequence: 0, lost: 0 })
  const ms = intervalMs - 2 * everyMs
  await sendInterval(simulated, { source: gone, sequence, lost: 30, ms })
  await simulated.runTo(simulated.nowMs + intervalMs)
  await simulated.settle(1)
  assert.deepEqual(await marks(), [gone])
  simulated.nowMs += 25 * 3_600_000
  sequence = await sendInterval(simulated, { source: stays, sequence: 0, lost: 0 })
  sequence = await sendInterval(simulated, { source: stays, sequence, lost: 30 })
  await sendInterval(simulated, { source: stays, sequence, lost: 30 })
  await simulated.settle(2)
  assert.deepEqual(await marks(), [stays])
  assert.equal(simulated.events.length, 2)
})

suite('after a restart', () => {
  const source = '192.0.2.1'
  const condition = { is: 'above', value: 20 } as const
  /** Sends an interval for each loss, with a restart where there is none; returns how often it was reported. */
  async function reported(t: TestContext, losses: readonly (number | null)[]): Promise<number> {
    const sinks = await openSinks(t)
    const data = await scratchFolder()
    let simulated = await Simulated.open(t, sinks, { data })
    await simulated.runTo(storyStart + everyMs)
    await simulated.alert('a', { name: 'A', subject: { kind: 'loss' }, condition, targets: [], author: 'anna' }) // prettier-ignore
    let sequence = 0
    let events = 0
    for (const lost of losses)
      if (lost === null) {
        events += simulated.events.length
        const { nowMs, pipeline } = simulated
        await simulated.state.close()
        simulated = await Simulated.open(t, sinks, { data })
        simulated.nowMs = nowMs
        assert.ok(simulated.pipeline.decoder.restore(pipeline.decoder.snapshot()))
        await simulated.engine.tick(nowMs)
      } else sequence = await sendInterval(simulated, { source, sequence, lost })
    await simulated.runTo(simulated.nowMs + 60_000)
    return events + simulated.events.length
  }
  test('a loss that lasts is not reported again', async (t) => {
    assert.equal(await reported(t, [0, 30, 30, null, 30, 30, 0]), 1)
  })
  test('a loss that begins again is reported', async (t) => {
    assert.equal(await reported(t, [0, 30, 0, 0, null, 0, 30, 0]), 2)
  })
})
