/** Response times of the page, in wall time: for an otherwise idle machine. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { skipWithout } from '../setup/parts.ts'
import { interact } from './interactions.ts'

const p95MsMax = 200

test(
  'zoomed, filtered and switched, the page is answered within 200 ms',
  { skip: skipWithout('chromium') },
  async (t) => {
    const { answers, p95Ms } = await interact()
    t.diagnostic(answers)
    assert.ok(p95Ms < p95MsMax, answers)
  },
)
