import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

const lookMs = 10
/** A machine under load takes several times as long as usual. */
const waitMsMax = 60_000

/** Waits until a condition holds; fails if it does not within a minute. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + waitMsMax
  while (!(await holds())) {
    assert.ok(performance.now() < end, `not within ${waitMsMax} ms: ${String(holds)}`)
    await sleep(lookMs)
  }
}
