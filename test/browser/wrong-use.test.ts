/** Unexpected addresses and screens: faults are reported, and nothing looks as if it were measured. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Page } from 'playwright-core'

import type { ExportersAnswer } from '../../api/schema/status.ts'
import { skipWithout } from '../setup/parts.ts'
import { browsedWeir } from './browsed-weir.ts'
import { answered, openPage, type PageOptions } from './opened.ts'

const around = 'from=2026-11-16T11:20:00Z&to=2026-11-16T11:50:00Z'
const explain = 'explain=2026-11-16T11:32:09Z/2026-11-16T11:36:32Z'

describe('wrong use', { skip: skipWithout('chromium'), timeout: 240_000 }, () => {
  const weir = browsedWeir()

  async function open(address: string, options: PageOptions = {}) {
    const { page } = await weir.open(address, options)
    await answered(page)
    return page
  }

  test('a filter of thousands of letters does not make the page thousands of pixels wide', async () => {
    const page = await open(`/?${around}&filter=${'a'.repeat(6000)}`)
    await page.getByText(/filter=a{120} …: at most 4096 characters/).waitFor()
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 1366)
    await page.close()
  })

  test('an explanation of an invalid range does not explain something else', async () => {
    for (const range of ['rubbish', '2026-11-16T11:40:00Z/2026-11-16T11:30:00Z']) {
      const page = await open(`/?${around}&explain=${range}`)
      await page.getByText(`explain=${range}: write shown, or a range`).waitFor()
      assert.equal(await page.locator('.explain').count(), 0)
      await page.close()
    }
  })

  test('a chart whose legend hides everything says so', async () => {
    const page = await open(`/?${around}&only=10.9.9.9`)
    await page.getByText('hides everything listed here').waitFor()
    await page.getByRole('button', { name: 'Draw all' }).click()
    await page.waitForURL((url) => !url.searchParams.has('only'))
    await page.getByText('hides everything listed here').waitFor({ state: 'detached' })
    await page.close()
  })

  test('an unknown kind of incident does not read as if there were none', async () => {
    const page = await open('/incidents?from=2026-11-01&to=2026-12-01&kind=flood')
    await page.getByText('kind=flood: it may be congestion').waitFor()
    await page.locator('.incident').first().waitFor()
    await page.close()
  })

  test('a report of words that cannot be read says so, and shows the default', async () => {
    const page = await open(
      `/reports?${around}&report=zzz&order=peer&limit=7&include=all&colour=red`,
    )
    for (const said of [
      'report=zzz: it may be summary, ',
      'order=peer: it may be bytes, ',
      'limit=7: it may be 10, ',
      'include=all: it may be any, ',
      'colour=red: known parameters: from, to, report, ',
    ])
      await page.getByText(`The address says ${said}`).waitFor()
    await page.locator('table.report tbody tr').first().waitFor()
    const shown = (name: string) => page.getByRole('combobox', { name, exact: true }).inputValue()
    assert.deepEqual(await Promise.all(['report', 'order', 'lines', 'flows that'].map(shown)), [
      'pair',
      'bytes',
      '100',
      'any',
    ])
    await page.goto(`${weir.url}/reports?from=x`)
    await page.getByRole('alert').getByText('"x" is not a time: write 2026-11-16 11:30').waitFor()
    await page.close()
  })

  test('the newest flows are no newer than the last datagram', async () => {
    const page = await open('/?from=2026-11-20&to=2026-11-21')
    await page.getByText('The newest flows are of Mon 16 Nov 2026 14:01:00.').waitFor()
    await page.goto(`${weir.url}/reports?from=2026-11-20&to=2026-11-21`)
    await page.getByText('Unknown: there is no data of this time.').waitFor()
    await page.getByText(/its newest flows are of Mon 16 Nov 2026 14:00:\d\d\./).waitFor()
    assert.equal(await page.locator('table.report').count(), 0)
    await page.goto(`${weir.url}/reports?from=2026-11-20&to=2026-11-21&report=flow-times`)
    await page.getByText('Unknown: there is no data of this time.').waitFor()
    assert.equal(await page.locator('table.report').count(), 0)
    await page.close()
  })

  test('the chart of all says which exporter is missing in it', async () => {
    const { page } = await openPage(weir.browser, 'about:blank')
    await page.route('**/api/exporters', async (route) => {
      const response = await route.fetch()
      const [one] = ((await response.json()) as ExportersAnswer).exporters
      const now = Date.now() / 1000
      const exporters = [
        { ...one, address: '10.1.0.1', name: 'core', lastSeen: now },
        { ...one, address: '10.1.0.2', name: 'edge', lastSeen: now - 1560 },
        { ...one, address: '10.1.0.3', name: 'attic', lastSeen: Date.UTC(2026, 10, 16, 11) / 1000 },
      ]
      await route.fulfill({ response, json: { exporters } })
    })
    await page.goto(`${weir.url}/?from=now-1h&to=now`)
    await page.getByText(/Nothing from edge since \w{3} \d+ \w{3} \d{4} \d\d:\d\d:\d\d\./).waitFor()
    await page.getByText('The sums are without what it would report.').waitFor()
    await page.goto(`${weir.url}/?from=2026-11-16T10:00:00Z&to=2026-11-16T12:00:00Z`)
    await page.getByText(/Nothing from attic since Mon 16 Nov 2026 12:00:00\./).waitFor()
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    await page.close()
  })

  test('times in the words of the API are in the zone and form of the page', async () => {
    const page = await open('/?from=2026-10-01&to=2026-10-02&filter=port%2080')
    const begins = 'The flow archive begins at Mon 16 Nov 2026 10:00:00, after the window.'
    await page.getByText(begins).waitFor()
    await page.close()
  })

  test('a time is annotated before its first figures have come', async () => {
    const { page } = await openPage(weir.browser, 'about:blank')
    const { promise, resolve } = Promise.withResolvers<void>()
    await page.route('**/api/series?*', async (route) => {
      await promise
      await route.continue()
    })
    await page.goto(`${weir.url}/?${around}`)
    await page.getByRole('button', { name: 'Annotate' }).click()
    const form = page.getByRole('dialog', { name: 'Annotation' })
    assert.equal(await form.getByLabel('From').inputValue(), '2026-11-16 12:20')
    assert.equal(await form.getByLabel('To (empty').inputValue(), '2026-11-16 12:50')
    resolve()
    await answered(page)
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    await page.close()
  })

  test('beside the chart no column of the explanation is cut off, nor one of the status', async () => {
    const viewport = { width: 1920, height: 1080 }
    const page = await open(`/?${around}&${explain}`, { viewport })
    await page.locator('[aria-label="With whom"]').waitFor()
    for (const name of ['Who it was', 'With whom']) await isWhole(page, name)
    await page.setViewportSize({ width: 1280, height: 720 })
    await page.goto(`${weir.url}/status`)
    await isWhole(page, 'Tiers')
    await page.goto(`${weir.url}/?${around}`)
    await page.getByRole('region', { name: 'Top protocols' }).locator('tbody tr').first().waitFor()
    await isWhole(page, 'Top protocols')
    await page.close()
  })

  test('one of three hundred exporters and eight thousand interfaces is found by name', async () => {
    const { page } = await openPage(weir.browser, 'about:blank')
    await haveMany(page)
    await page.goto(`${weir.url}/exporters`)
    await page.locator('.exporter').nth(299).waitFor()
    await page.getByRole('status').filter({ hasText: 'Nothing listens' }).waitFor()
    const elements = () => page.evaluate(() => document.querySelectorAll('*').length)
    assert.ok((await elements()) < 20_000, `${await elements()} elements`)
    await page.getByText('5,000 interfaces').click()
    await page.getByText('4,500 more: find them by their name.').waitFor()
    await page.getByLabel('Find an exporter or an interface').fill('line 3-4999')
    await page.getByRole('link', { name: 'xe-4999' }).waitFor()
    assert.equal(await page.locator('.exporter').count(), 1)
    await page.getByText('1 of 300').waitFor()
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    await page.close()
  })

  test('on paper from a dark screen the text is dark, and faults have their date', async () => {
    const page = await open(`/?${around}&${explain}&compare=9d`)
    await page.locator('[aria-label="With whom"] a').first().waitFor()
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
    const colour = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((it) => getComputedStyle(it).color)
    assert.equal(await colour('.explain a:not(.button)'), 'rgb(15, 111, 157)')
    assert.equal(await colour('.sentence .kind-congestion'), 'rgb(181, 91, 0)')
    assert.ok(await page.getByText('compare=9d').isVisible())
    await page.locator('.caption', { hasText: /last updated \d+ \w{3} \d\d:\d\d:\d\d/ }).waitFor()
    await page.close()
  })
})

/** Replaces the exporters by three hundred with ten interfaces each, and one with five thousand. */
async function haveMany(page: Page): Promise<void> {
  await page.route('**/api/exporters', async (route) => {
    const response = await route.fetch()
    const [one] = ((await response.json()) as ExportersAnswer).exporters
    const exporters = Array.from({ length: 300 }, (_, i) => ({
      ...one,
      address: `10.1.${i >> 8}.${i & 255}`,
      name: `router-${i}`,
      interfaces: Array.from({ length: i === 3 ? 5000 : 10 }, (_each, k) => ({
        index: k + 1,
        name: `xe-${k}`,
        alias: `line ${i}-${k}`,
        speed: 1e10,
      })),
    }))
    await route.fulfill({ response, json: { exporters } })
  })
}

/** Whether a region has nothing beyond its right edge. */
async function isWhole(page: Page, name: string): Promise<void> {
  const region = page.getByRole('region', { name, exact: true })
  await region.waitFor()
  const [room, needed] = await region.evaluate((it) => [it.clientWidth, it.scrollWidth] as const)
  assert.ok(needed <= room, `${name}: ${needed} of ${room} pixels`)
}
