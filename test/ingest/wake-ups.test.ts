import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'

import { wakeUps } from '../../ingest/wake-ups.ts'

test('the collector wakes every quarter of a minute, also when the clock is set back by an hour', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  const RealDate = Date
  t.after(() => (globalThis.Date = RealDate))
  let [passedMs, setMs] = [0, 0]
  const now = () => 1_794_819_601_000 + passedMs + setMs
  globalThis.Date = class extends RealDate {
    constructor(...given: [] | [number]) {
      super(given[0] ?? now())
    }
    static override now = now
  } as DateConstructor
  const said = t.mock.method(console, 'warn', () => undefined)
  let wakes = 0
  const clock = wakeUps(
    () => Promise.resolve(void wakes++),
    () => passedMs,
  )
  const wakesInMinute = async () => {
    const before = wakes
    for (const end = passedMs + 60_000; passedMs < end;) {
      passedMs += 500
      t.mock.timers.tick(500)
      await setImmediate()
    }
    return wakes - before
  }
  for (const setByMs of [0, -3_600_000, 0, 0, 3_600_000, 0]) {
    setMs += setByMs
    const found = await wakesInMinute()
    assert.ok(found >= 3 && found <= 5, `${found} times in a minute`)
  }
  await clock.stop()
  assert.deepEqual(said.mock.calls, [])
  assert.equal(await wakesInMinute(), 0)
})

test('a wake-up that comes while the last one still runs is left out without a word', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'] })
  const said = t.mock.method(console, 'warn', () => undefined)
  const { promise: over, resolve: end } = Promise.withResolvers<void>()
  let wakes = 0
  const clock = wakeUps(() => {
    wakes++
    return over
  }, Date.now)
  for (let passedMs = 0; passedMs < 60_000; passedMs += 500) {
    t.mock.timers.tick(500)
    await setImmediate()
  }
  assert.equal(wakes, 1)
  assert.deepEqual(said.mock.calls, [])
  end()
  await clock.stop()
})
