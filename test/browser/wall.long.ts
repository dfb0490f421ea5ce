/** Two hours of a wall in twenty minutes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { skipWithout } from '../setup/parts.ts'
import { percentile, type Frame } from './frames.ts'
import { framesText, hangWall, slopeOf, speed } from './wall-run.ts'

const seconds = 1200
const slopeMax = 1e6
const redrawMsMax = 16

test(
  'a wall does not grow, is redrawn within a frame at 4K, and recovers five times',
  { skip: skipWithout('chromium'), timeout: 2_400_000 },
  async (t) => {
    const { frames, heap, requests, backMs } = await hangWall(t, { seconds, kills: 5 })
    const slope = slopeOf(heap, seconds / 4) * 3600
    t.diagnostic(framesText(frames))
    t.diagnostic(
      `${requests} requests; heap ${heap.map(([, bytes]) => (bytes / 1e6).toFixed(2)).join(' ')} MB; ` +
        `${(slope / speed / 1e6).toFixed(3)} MB an hour of the wall, ${(slope / 1e6).toFixed(3)} by the clock`,
    )
    assert.equal(backMs.length, 5)
    assert.ok(slope / speed < slopeMax, `${slope / speed} bytes an hour`)
    // CPU time: other load on the machine must not count.
    const redraw = percentile(
      frames.map(({ processorMs }: Frame) => processorMs),
      0.95,
    )
    assert.ok(redraw < redrawMsMax, `${redraw} ms`)
  },
)
