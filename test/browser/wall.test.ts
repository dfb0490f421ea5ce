/** A minute of a wall; the two hours are in wall.long.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { skipWithout } from '../setup/parts.ts'
import { framesText, hangWall } from './wall-run.ts'

test(
  'a wall of twelve panels recovers when the API was killed, and its token appears nowhere',
  { skip: skipWithout('chromium'), timeout: 300_000 },
  async (t) => {
    const { frames, requests, backMs } = await hangWall(t, { seconds: 12, kills: 1 })
    t.diagnostic(framesText(frames))
    assert.equal(backMs.length, 1)
    assert.ok(frames.length > 5, `${frames.length} frames`)
    assert.ok(requests > 20, `${requests} requests`)
  },
)
