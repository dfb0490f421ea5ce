/** An interval that was written while it was open is written once more when it is over, whoever was silent since. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { intervalMs } from '../../flow/interval.ts'
import { scratchFolder, t0 } from '../store/archive/archived.ts'
import { openCollecting } from './collecting.ts'
import { datagramAt } from './datagram-at.ts'

const second = 1000

test('the last interval of an exporter that fell silent is over', async (t) => {
  const { coverage, store, take, tick, tier } = await openCollecting(t, await scratchFolder(t))
  const stored = async () => (await store.coverage({ tier, from: t0, to: t0 + intervalMs }))[0]
  coverage.take(datagramAt(t0 + 10 * second))
  take(t0 + 9 * second, 1000)
  assert.equal(await tick(t0 + 15 * second), null)
  assert.equal((await stored())?.openUntil, t0 + 15 * second)
  for (let at = t0 + 90 * second; at < t0 + 3 * intervalMs; at += 90 * second)
    assert.equal(await tick(at), null)
  assert.equal((await stored())?.openUntil, undefined)
})
