/** A host has one colour: in every time window, view and tab of a browser. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Page } from 'playwright-core'

import { skipWithout } from '../setup/parts.ts'
import { BrowsedWeir } from './browsed-weir.ts'
import { waitMsMax } from './opened.ts'

const windows = [
  'from=2026-11-16T11:30:00Z&to=2026-11-16T11:40:00Z',
  'from=2026-11-16T12:00:00Z&to=2026-11-16T12:10:00Z',
  'from=2026-11-16T11:20:00Z&to=2026-11-16T11:50:00Z',
  'from=2026-11-16T09:00:00Z&to=2026-11-16T13:00:00Z',
]

test(
  'the same host has the same colour in two tabs, whichever hosts are beside it',
  { skip: skipWithout('chromium'), timeout: 300_000 },
  async () => {
    await using weir = await BrowsedWeir.start()
    const context = await weir.browser.newContext({ viewport: { width: 1366, height: 768 } })
    context.setDefaultTimeout(waitMsMax)
    const tabs = [await context.newPage(), await context.newPage()]
    const seen = new Map<string, Set<string>>()
    for (const [i, window] of windows.entries())
      for (const [host, colour] of await coloursIn(tabs[i % 2]!, `${weir.url}/?${window}`))
        seen.set(host, (seen.get(host) ?? new Set()).add(colour))
    const bobby = seen.get('10.0.0.22')
    assert.equal(bobby?.size, 1)
    const several = [...seen].filter(([, colours]) => colours.size > 1)
    // With more hosts than colours some must change, but they are the exception.
    assert.ok(several.length <= seen.size / 4, JSON.stringify(several.map(([host]) => host)))
  },
)

async function coloursIn(page: Page, address: string): Promise<[string, string][]> {
  await page.goto(address)
  await page.locator('.legend tbody tr .swatch').first().waitFor()
  return page
    .locator('.legend tbody tr:has(.swatch)')
    .evaluateAll((rows) =>
      rows
        .map((row): [string, string] => [
          (row as HTMLElement).dataset['key'] ?? '',
          getComputedStyle(row.querySelector('.swatch')!).backgroundColor,
        ])
        .filter(([host]) => host !== 'other'),
    )
}
