/** An interval that was written while it was open is written once more when it is over, whoever was silent since. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { intervalMs } from '../../flow/interval.ts'
import { scratchFolder } from '../processes.ts'
import { t0 } from '../store/archive/archived.ts'
import { openCollecting } from './collecting.ts'
import { datagramAt } from './datagram-at.ts'

const second = 1000

test('the last interval of an exporter that fell silent is over', async (t) => {
  const { coverage, store, take, tick, tier } = await openCollecting(t, await scratchFolder())
  const stored = async () => (await store.coverage({ tier, from: t0, to: t0 + intervalMs }))[0]
  coverage.take(datagramAt(t0 + 10 * second))
  take(t0 + 9 * second, 1000)
  assert.equal(await tick(t0 + 15 * second), null)
  assert.equal((await stored())?.openUntil, t0 + 15 * second)
  for (let at = t0 + 90 * second; at < t0 + 3 * intervalMs; at += 90 * second)
    assert.equal(await tick(at), null)
  assert.equal((await stored())?.openUntil, undefined)
})

test('an interface whose agent stopped is unknown where too little was counted, once the interval is over', async (t) => {
  const { counters, coverage, store, tick, tier } = await openCollecting(t, await scratchFolder())
  const exporter = '192.0.2.1'
  const stored = async () => {
    const range = { tier, from: t0, to: t0 + intervalMs, measurement: 'counter' } as const
    const rows = await store.top({ ...range, by: ['counter'], order: 'bytes', limit: 10 })
    return rows.map(({ key, sum }) => [key['counter'], sum.bytes])
  }
  const none = { octetsOut: 0, packetsIn: 0, packetsOut: 0, errorsIn: 0, errorsOut: 0, discardsIn: 0, discardsOut: 0 }
  for (const at of [0, 30])
    counters.take({
      ...none,
      exporter,
      agent: 0,
      receivedMs: t0 + at * second,
      index: 3,
      sequence: at + 1,
      speed: 1e9,
      octetsIn: at * 1000,
    })
  coverage.take(datagramAt(t0 + 30 * second))
  assert.equal(await tick(t0 + 45 * second), null)
  assert.deepEqual(await stored(), [['3', 30_000]])
  assert.equal(await tick(t0 + intervalMs + 15 * second), null)
  assert.equal(await tick(t0 + intervalMs + 80 * second), null)
  assert.deepEqual(await stored(), [])
}) // prettier-ignore
