/** How soon the page is answered, by the clock: for a machine of which nobody else takes any. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { chromium } from 'playwright-core'

import { interact } from './interactions.ts'
import { chromiumArguments, chromiumPath, skipWithoutChromium, startWeir } from './weir.ts'

const p95MsMax = 200

test(
  'zoomed, filtered and switched, the page is answered within 200 ms',
  { skip: skipWithoutChromium() },
  async (t) => {
    const weir = await startWeir({ replayed: true })
    const browser = await chromium.launch({
      executablePath: chromiumPath,
      args: chromiumArguments,
    })
    try {
      const { answers, p95Ms } = await interact(browser, weir.url)
      t.diagnostic(answers)
      assert.ok(p95Ms < p95MsMax, answers)
    } finally {
      await browser.close()
      await weir.close()
    }
  },
)
