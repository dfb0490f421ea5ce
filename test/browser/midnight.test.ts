/** Ranges relative to now move on while the page is open: past midnight, and past the end of a month. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { skipWithout } from '../setup/parts.ts'
import { BrowsedWeir } from './browsed-weir.ts'
import { answered, emptyPage, withClockOf } from './opened.ts'

/** In Brussels it is five to midnight on the last of November. */
const before = new Date('2026-11-30T22:55:00Z')
const titles: readonly [range: string, title: string][] = [
  ['from=now/d&to=now', 'Tue 1 Dec 2026 00:00 – 00:1'],
  ['from=now-24h&to=now', ' – Tue 1 Dec 2026 00:1'],
  ['from=now/M&to=now', 'Tue 1 Dec 2026 00:00 – 00:1'],
  ['from=now-1d/d&to=now-1d/d', 'Mon 30 Nov 2026 00:00 – Tue 1 Dec 2026 00:00'],
]

test(
  'today, the last day, this month and yesterday move on at midnight',
  { skip: skipWithout('chromium'), timeout: 300_000 },
  async () => {
    await using weir = await BrowsedWeir.start()
    const page = await emptyPage(weir.browser)
    await page.clock.install({ time: before })
    await withClockOf(page)
    for (const [range, title] of titles) {
      await page.clock.setSystemTime(before)
      await page.goto(`${weir.url}/?${range}`)
      await answered(page)
      const heading = page.locator('.chart-title h1')
      assert.ok(!((await heading.textContent()) ?? '').includes(title), range)
      // Each answer must come before the next is due.
      for (let passed = 0; passed < 16; passed++) {
        await page.clock.runFor(60_000)
        await page.waitForTimeout(100)
        await answered(page)
      }
      await heading.filter({ hasText: title }).waitFor()
    }
  },
)

test(
  'incidents up to now are asked for again each minute, those of a fixed time are not',
  { skip: skipWithout('chromium'), timeout: 240_000 },
  async () => {
    await using weir = await BrowsedWeir.start()
    const page = await emptyPage(weir.browser)
    await page.clock.install({ time: before })
    await withClockOf(page)
    let asked = 0
    page.on('request', (request) => {
      if (request.url().includes('/api/incidents?')) asked++
    })
    for (const [range, times] of [
      ['from=now-30d&to=now', 3],
      ['from=2026-11-01&to=2026-12-01', 0],
    ] as const) {
      await page.goto(`${weir.url}/incidents?${range}`)
      await page.locator('.incident').first().waitFor()
      // The session gives the time zone, with which they are asked for once more.
      await page.waitForLoadState('networkidle')
      asked = 0
      for (let passed = 0; passed < 3; passed++) {
        await page.clock.runFor(60_000)
        await answered(page)
      }
      // The clock goes on between its leaps.
      assert.ok(times === 0 ? asked === 0 : asked >= times, `${range}: asked ${asked} times`)
    }
  },
)
