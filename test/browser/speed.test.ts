/** How fast the page loads, and how much it transfers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { firstPaint } from './first-paint.ts'
import { interact } from './interactions.ts'
import { skipWithoutChromium, startWeir } from './weir.ts'

const pageBytesMax = 150_000
const firstPaintMsMax = 1000
/** CPU time of the API, which is not affected much by other load: interactions.long.ts checks wall time. */
const cpuSecondsMax = 1.5
const day = '?from=2026-11-15T14:00:00Z&to=2026-11-16T14:00:00Z&tz=UTC'

test(
  'Explore is painted within a second of a cold start, and is small',
  { skip: skipWithoutChromium(), timeout: 240_000 },
  async () => {
    const weir = await startWeir({ replayed: true })
    try {
      const paints: number[] = []
      let bytes = 0
      for (let run = 0; run < 3; run++) {
        const painted = await firstPaint(`${weir.url}/${day}`)
        paints.push(painted.paintMs)
        bytes = painted.bytes
        console.log(
          `first paint ${Math.round(painted.paintMs)} ms, figures there ${Math.round(painted.figuresMs)} ms, ${bytes} bytes compressed`,
        )
        assert.deepEqual(painted.complaints, [])
      }
      assert.ok(bytes > 10_000 && bytes < pageBytesMax, `${bytes} bytes`)
      assert.ok(
        Math.min(...paints) < firstPaintMsMax,
        `painted after ${paints.map(Math.round).join(', ')} ms`,
      )
    } finally {
      await weir.close()
    }
  },
)

test(
  'zoomed, filtered and switched, the page is answered with little work',
  { skip: skipWithoutChromium(), timeout: 480_000 },
  async (t) => {
    const { answers, cpuSeconds } = await interact()
    t.diagnostic(`${cpuSeconds.toFixed(2)} CPU-seconds each; ${answers}`)
    assert.ok(cpuSeconds < cpuSecondsMax, `${cpuSeconds} CPU-seconds each`)
  },
)
