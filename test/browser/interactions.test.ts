import assert from 'node:assert/strict'
import { test } from 'node:test'

import { skipWithout } from '../setup/parts.ts'
import { interact } from './interactions.ts'

/** CPU time of the API, which is not affected much by other load: interactions.long.ts checks wall time. */
const cpuSecondsMax = 1.5

test(
  'zoomed, filtered and switched, the page is answered with little work',
  { skip: skipWithout('chromium'), timeout: 480_000 },
  async (t) => {
    const { answers, cpuSeconds } = await interact()
    t.diagnostic(`${cpuSeconds.toFixed(2)} CPU-seconds each; ${answers}`)
    assert.ok(cpuSeconds < cpuSecondsMax, `${cpuSeconds} CPU-seconds each`)
  },
)
