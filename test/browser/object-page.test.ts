/** An object's page says what the object is, and how recent its data is. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import { scratchFolder } from '../processes.ts'
import { skipWithout } from '../setup/parts.ts'
import { until } from '../until.ts'
import { browsedWeir } from './browsed-weir.ts'
import { openPage, painted } from './opened.ts'

const names = `
networks:
  10.0.0.0/24: { name: office, site: Ghent, owner: IT }
  10.0.0.22: bobby22.bigbiz.local
  10.0.0.28: mail.head-office.brussels.bigbiz.example.org
exporters:
  10.0.0.1: { name: pfsense, interfaces: { 1: { name: igb0, alias: uplink } } }
`
const noon = 'to=2026-11-17T12:00:00Z'

describe("an object's page", { skip: skipWithout('chromium'), timeout: 300_000 }, () => {
  const weir = browsedWeir(async () => {
    const file = join(await scratchFolder(), 'names.yaml')
    await writeFile(file, names)
    return { environment: { WEIR_NAMES: file } }
  })

  for (const [path, title, about] of [
    ['host/10.0.0.22', 'bobby22.bigbiz.local (10.0.0.22)', 'host · office · Ghent · IT'],
    ['host/203.0.113.80', '203.0.113.80', 'host'],
    ['port/tcp/443', '443/tcp https', 'port'],
    ['exporter/pfsense', 'pfsense', 'exporter · 10.0.0.1'],
    ['exporter/10.0.0.1', 'pfsense', 'exporter · 10.0.0.1'],
    ['interface/10.0.0.1/1', 'pfsense:igb0 (uplink)', 'interface'],
  ] as const)
    test(`the heading of ${path} is ${title}`, async () => {
      const { page, complaints } = await weir.open(`/object/${path}?${noon}`)
      await page.getByRole('heading', { level: 1, name: title, exact: true }).waitFor()
      await page.locator('.page-head').getByText(about, { exact: true }).waitFor()
      assert.equal(await page.title(), `${title} · Weir`)
      assert.deepEqual(complaints, [])
      await page.close()
    })

  test('Explore shows the same object, time, measure and zone', async () => {
    const body = JSON.stringify({ name: 'Web', filter: 'port 443' })
    const headers = { 'content-type': 'application/json' }
    const made = await fetch(`${weir.url}/api/trackers`, { method: 'POST', headers, body })
    assert.equal(made.status, 201)
    const { id } = (await made.json()) as { id: string }
    const { page } = await weir.open(`/object/tracker/${id}?${noon}&measure=packets&tz=Asia/Tokyo`)
    const link = page.getByRole('link', { name: 'Open in Explore' })
    const day = 'from=2026-11-16T12:00:00Z&to=2026-11-17T12:00:00Z'
    const carried = `/?${day}&measure=packets&filter=port+443&tz=Asia/Tokyo`
    assert.equal(await link.getAttribute('href'), carried)
    // All of them: each that comes can move the others down.
    const waiting = page.locator('.graph .canvas.waiting')
    await until(async () => (await waiting.count()) === 0)
    await painted(page)
    const box = (await page.locator('.graph .u-over').first().boundingBox())!
    await page.mouse.move(box.x + box.width / 2, box.y + 20)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width / 4, box.y + 20, { steps: 4 })
    await page.mouse.up()
    await page.waitForURL(/\/\?from=.*&measure=packets&filter=port\+443&tz=Asia\/Tokyo$/)
    await page.close()
  })

  test('what cannot be read in its address is said', async () => {
    const { page } = await weir.open('/object/host/10.0.0.22?to=garbage&measure=bytes')
    for (const said of ['to=garbage', 'measure=bytes'])
      await page.locator('.message', { hasText: `The address says ${said}` }).waitFor()
    await page.close()
  })

  test('the figures of a graph have its colours, and a long name fits on a phone', async () => {
    const viewport = { width: 390, height: 844 }
    const { page } = await weir.open(`/object/host/10.0.0.28?${noon}`, { viewport })
    const rows = page.locator('.graph[aria-label="Week"] .graph-figures tr')
    await rows.first().waitFor()
    const colours = await rows
      .locator('.swatch')
      .evaluateAll((all) => all.map((each) => getComputedStyle(each).backgroundColor))
    assert.equal(colours.length, await rows.count())
    assert.equal(new Set(colours).size, 2)
    const needed = await page.evaluate(() => document.documentElement.scrollWidth)
    assert.ok(needed <= viewport.width, `${needed} pixels`)
    await page.close()
  })

  for (const [path, what] of [
    ['interface/pfsense/7', 'No flow of these times names this interface.'],
    ['interface/10.9.9.9/1', 'Weir knows of no datagram from this exporter.'],
    ['exporter/10.9.9.9', 'Weir knows of no datagram from this exporter.'],
    ['host/10.9.9.9', 'No totals of this host are stored in these times.'],
  ] as const)
    test(`${path}, of which nothing is stored, has gaps only, and one line that says so`, async () => {
      const { page, complaints } = await weir.open(`/object/${path}?${noon}`)
      const feet = page.locator('.graph-foot')
      await feet.nth(4).waitFor()
      for (const text of await feet.allTextContents())
        assert.match(text, /^nothing is stored about it in this time · last updated /)
      assert.equal(await page.locator('.graph-figures tr').count(), 0)
      const line = page.locator('main').getByRole('status')
      await line.filter({ hasText: what }).waitFor()
      assert.equal(await line.count(), 1)
      assert.ok(await line.getByRole('link').isVisible())
      assert.deepEqual(complaints, [])
      await page.close()
    })

  test('no graph dates its last data later than the last datagram', async () => {
    const { page } = await openPage(weir.browser, 'about:blank')
    const { promise: known, resolve } = Promise.withResolvers<void>()
    await page.route('**/api/exporters', async (route) => {
      await known
      await route.continue()
    })
    await page.goto(`${weir.url}/object/exporter/pfsense?${noon}`)
    await page.locator('.graph .canvas:not(.waiting)').nth(4).waitFor()
    assert.equal(await page.getByText('last data').count(), 0, 'nobody knows yet when that was')
    resolve()
    for (const period of ['Week', '4 weeks']) {
      const foot = page.locator(`.graph[aria-label="${period}"] .graph-foot`)
      await foot.waitFor()
      // The capture ends at 13:01 UTC, in a two-hour step that ends at 14:00.
      const until = period === 'Week' ? '14:00:00' : '14:01:00'
      assert.match((await foot.textContent())!, new RegExp(`last data Mon 16 Nov 2026 ${until}`))
    }
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    await page.close()
  })
})
