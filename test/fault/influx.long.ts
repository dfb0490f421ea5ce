import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'

import { skipWithoutInfluxd } from '../setup/influxd.ts'
import { RunningInfluxd } from '../influxd.ts'
import { liveThrough, proxied, type Live, type Trouble } from './influx-live.ts'
import { outlive } from './influx-outlive.ts'

const skip = skipWithoutInfluxd()
const minuteMs = 60_000
/** Series are written once a minute, so a trouble must last longer to take effect. */
const feltMs = 75_000
/** Until they were written and sent for the first time. */
const calmMs = 2 * minuteMs

function answer(status: number, headers: Record<string, string> = {}): Trouble {
  const fault = { kind: 'answer', status, headers, body: 'as you like it' } as const
  return proxied(String(status), fault, feltMs)
}

const flapping: Trouble = {
  name: 'flapping, 5 s away and 5 s back',
  ms: 2 * minuteMs,
  strike: async ({ proxy }) => {
    const timer = setInterval(() => {
      proxy.fault = proxy.fault.kind === 'none' ? { kind: 'cut' } : { kind: 'none' }
    }, 5000)
    return async () => {
      clearInterval(timer)
      proxy.fault = { kind: 'none' }
    }
  },
}

const killed: Trouble = {
  name: 'kill -9 of InfluxDB',
  ms: feltMs,
  strike: async ({ influxd }) => {
    await influxd.stop('SIGKILL')
    return () => influxd.start()
  },
}

const killedWhileSending: Trouble = {
  name: 'kill -9 of ingest while the spool is sent',
  ms: feltMs,
  strike: async (live: Live) => {
    live.proxy.fault = { kind: 'cut' }
    return async () => {
      live.proxy.fault = { kind: 'none' }
      await live.restartIngest('SIGKILL')
    }
  },
}

const troubles: Trouble[] = [
  proxied('the connection is reset within a body', { kind: 'cut' }, feltMs),
  proxied('done, but the answer is lost', { kind: 'unanswered' }, feltMs),
  proxied('hang without answer', { kind: 'hang' }, feltMs),
  proxied('413', { kind: 'refuse', status: 413, when: (lines) => lines.length > 500 }, feltMs),
  answer(401),
  answer(404),
  answer(422),
  answer(429, { 'retry-after': '30' }),
  answer(500),
  answer(503),
  flapping,
  killed,
  killedWhileSending,
]

for (const trouble of troubles)
  test(`5,000 flows/s, ${trouble.name}: nothing is lost`, { skip }, async (t) => {
    const say = (text: string) => t.diagnostic(text)
    const figures = await liveThrough([trouble], { flowsPerSecond: 5000, calmMs, say })
    say(JSON.stringify(figures))
    assert.equal(figures.lost, 0)
    assert.ok(figures.requestsInFlightMax <= 2)
  })

test('5,000 flows/s, InfluxDB down for 10 min: nothing is lost', { skip }, async (t) => {
  const say = (text: string) => t.diagnostic(text)
  const down = { ...killed, ms: 10 * minuteMs }
  // Incident detection reads back a quarter of an hour: that much must have passed before.
  const calm = { calmMs: 21 * minuteMs, isWholeCalm: true }
  const figures = await liveThrough([down], { flowsPerSecond: 5000, ...calm, say })
  say(JSON.stringify(figures))
  assert.equal(figures.lost, 0)
  assert.ok(figures.requestsInFlightMax <= 2)
  assert.ok(figures.memory.inTrouble - figures.memory.calm < 50e6, 'what waits, waits on disk')
})

test(
  'Retry-After: 30 is heeded, and a million points are sent at 20,000 a second or more',
  { skip },
  async (t) => {
    const influxd = await RunningInfluxd.startReady()
    try {
      const { proxy, drainMs, points } = await outlive(influxd, {
        begin: async (each) => {
          each.fault = { kind: 'answer', status: 429, headers: { 'retry-after': '30' } }
          while (each.writes.length === 0) await sleep(10)
          each.writes.length = 0
        },
        ms: 25_000,
        steps: 400,
        hosts: 2500,
      })
      assert.ok(proxy.inFlightMax <= 2)
      const rate = Math.round((points / drainMs) * 1000)
      t.diagnostic(
        `${points} points in ${Math.round(drainMs)} ms: ${rate} points/s, with what was left of the wait`,
      )
      assert.ok(rate >= 20_000, `${rate} points/s`)
    } finally {
      await influxd.remove()
    }
  },
)
