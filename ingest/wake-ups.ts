/** Wakes the collector, whatever happens to the clock. */
import { performance } from 'node:perf_hooks'

import { schedule } from 'node-cron'

/** Every 15 s, so that a flow can be queried within 30 s of its arrival. */
const pattern = '*/15 * * * * *'
/** Later than this, the clock was set back: node-cron would wait until it is that late again. */
const lateMs = 17_000
const lookMs = 5000

/** Calls `wake` every 15 seconds, never twice at a time, until stopped. `now`: a clock that nobody sets, ms. */
export function wakeUps(
  wake: () => Promise<void>,
  now = () => performance.now(),
): { stop(): Promise<void> } {
  let wokenMs = now()
  let isAwake = false
  const wakeOnce = async () => {
    if (isAwake) return
    isAwake = true
    wokenMs = now()
    await wake().finally(() => (isAwake = false))
  }
  // A wake-up that is missed, as when the clock is set, or that comes while awake, is nothing to tell an administrator.
  const clock = schedule(pattern, wakeOnce, { timezone: 'UTC', suppressMissedWarning: true })
  const watch = setInterval(() => {
    if (now() - wokenMs > lateMs) void wakeOnce()
  }, lookMs)
  return {
    stop: async () => {
      clearInterval(watch)
      await clock.stop()
    },
  }
}
