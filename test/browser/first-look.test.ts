/** What a first-time user notices: the right time zone, on every screen and on paper. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Page } from 'playwright-core'

import type { SeriesAnswer } from '../../api/schema/schema.ts'
import { skipWithout } from '../setup/parts.ts'
import { until } from '../until.ts'
import { browsedWeir } from './browsed-weir.ts'
import { answered, openPage, painted, withClockOf } from './opened.ts'

const around = 'from=2026-11-16T11:20:00Z&to=2026-11-16T11:50:00Z'
const inTokyo = { timezoneId: 'Asia/Tokyo' }

describe('a first look', { skip: skipWithout('chromium'), timeout: 240_000 }, () => {
  const weir = browsedWeir()

  test('a wall shows the time of WEIR_TZ, wherever its screen hangs', async () => {
    const { page, complaints } = await weir.open('/wall', inTokyo)
    await page.locator('.tile', { hasText: 'Europe/Brussels' }).waitFor()
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('every view is busy from the beginning until its first answer has come', async () => {
    const { page } = await openPage(weir.browser, 'about:blank')
    await page.addInitScript(recordBusy)
    for (const path of [`/?${around}`, `/incidents?${around}`, `/reports?${around}`, '/trackers', '/alerts', '/dashboards']) {
      await page.goto(weir.url + path)
      await answered(page)
      const seen = await page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen)
      assert.match(seen.join(' '), /^(true )+false( false)*$/, path)
    } // prettier-ignore
    await page.close()
  })

  test('the axis is in the zone of the settings, even if nothing is drawn on it', async () => {
    const { page, complaints } = await openPage(weir.browser, 'about:blank', inTokyo)
    await recordDrawnText(page)
    // The capture's flows name no interface, so that the scales stay unchanged.
    await page.goto(`${weir.url}/?${around}&by=interface`)
    await answered(page)
    await page.locator('.caption', { hasText: 'Europe/Brussels' }).waitFor()
    await page.getByText('The flows of this time name no interface.').waitFor()
    await drawsBrussels(page)
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('a report about a time before the archive says where the archive begins', async () => {
    const past = 'from=2026-10-01T00:00:00Z&to=2026-10-02T00:00:00Z'
    const { page } = await weir.open(`/reports?${past}`)
    for (const report of ['', '&report=full']) {
      await page.goto(`${weir.url}/reports?${past}${report}`)
      await page.getByText('The archive begins with Mon 16 Nov 2026 10:0').waitFor()
      await page.getByRole('button', { name: 'Show them' }).click()
      await page.locator('table.report tbody tr').first().waitFor()
      assert.match(page.url(), /from=2026-11-16T/)
    }
    await page.close()
  })

  test('an invalid range has no times on its axis', async () => {
    const { page } = await openPage(weir.browser, 'about:blank')
    await recordDrawnText(page)
    await page.goto(`${weir.url}/?from=yesterday&to=now`)
    await answered(page)
    await until(async () => (await drawnText(page)).includes('0'))
    await painted(page)
    const drawn = await drawnText(page)
    assert.deepEqual(
      drawn.filter((text) => /:00:0|Jan|0\.2/.test(text)),
      [],
    )
    await page.close()
  })

  test('an invalid filter is reported once, in a sentence, over times of the zone of the settings', async () => {
    const { page } = await openPage(weir.browser, 'about:blank', inTokyo)
    await recordDrawnText(page)
    await page.goto(`${weir.url}/?${around}&filter=hots`)
    const message = page.locator('.messages [role="alert"]')
    await message.getByText('Filter: expected a field').waitFor()
    assert.equal((await message.textContent())!.split('a field such as').length, 2)
    await page.locator('select', { hasText: 'Europe/Brussels' }).waitFor()
    await drawsBrussels(page)
    await page.close()
  })

  test('the label for a flow without an interface is not an interface of its exporter', async () => {
    const { page } = await weir.open('/exporters')
    await page.locator('.exporter').getByText('218,610', { exact: true }).waitFor()
    assert.equal(await page.getByText('/tmp/').count(), 0)
    await page.close()
  })

  test('a report counts flows and packets in whole numbers', async () => {
    const { page } = await weir.open(`/reports?${around}`)
    const first = page.locator('table.report tbody tr').first()
    await first.getByText('1,400', { exact: true }).waitFor()
    await page.close()
  })

  test('on a 4K wall a label at the top of a panel is complete, and so is the clock on a phone', async () => {
    const viewport = { width: 3840, height: 2160 }
    const { page } = await weir.open('/wall', { viewport })
    const canvas = page.locator('.tile .canvas:not(.waiting)').first()
    await canvas.waitFor()
    const room = () =>
      canvas.evaluate(
        (it) =>
          it.querySelector('.u-over')!.getBoundingClientRect().top - it.getBoundingClientRect().top,
      )
    // uPlot's figures are centred on their line, half a letter above it.
    // Letters take the size of the screen in the following frames.
    await until(async () => (await room()) >= (11 * 3.4) / 2)
    const clock = page.locator('.tile .figure', { hasText: /\d\d:\d\d:\d\d/ })
    await clock.evaluate((it) => it.setAttribute('data-hung', ''))
    for (const [width, height] of [
      [390, 844],
      [844, 390],
    ] as const) {
      await page.setViewportSize({ width, height })
      // Letters and charts take the size of the screen in the following frames.
      await page.waitForFunction(() => {
        const [wall, over] = ['.wall', '.tile .u-over'].map((name) => document.querySelector(name)!)
        const top =
          over!.getBoundingClientRect().top - over!.closest('.canvas')!.getBoundingClientRect().top
        return getComputedStyle(wall!).fontSize === '13px' && top < 19
      })
      await clock.scrollIntoViewIfNeeded()
      const [wide, needed] = await clock.evaluate((it) => [it.clientWidth, it.scrollWidth] as const)
      assert.ok(needed <= wide, `${needed} of ${wide} pixels`)
      assert.ok((await clock.boundingBox())!.y >= 0)
    }
    assert.equal(await page.locator('.figure[data-hung]').count(), 1, 'the panels are the same')
    await page.close()
  })

  test('a wall of a new installation says calmly that the first five minutes are being counted', async () => {
    const { page } = await openPage(weir.browser, 'about:blank')
    await page.clock.install()
    await withClockOf(page)
    await page.route('**/api/series?*', async (route) => {
      const response = await route.fetch()
      const answer = (await response.json()) as SeriesAnswer
      const summary = { average: null, maximum: null, minimum: null, last: null, p95: null }
      const values = answer.time.map(() => null)
      const entry = { key: { direction: 'in' }, label: 'in', values }
      const series = [{ ...entry, summary: { ...summary, total: 5 } }]
      await route.fulfill({ response, json: { ...answer, series, open: null } })
    })
    await page.goto(`${weir.url}/wall`)
    const counting = page.getByText(/counting the first five minutes: first point by \d\d:\d[16]/)
    await counting.waitFor()
    assert.equal(await page.locator('.wall-head .late').count(), 0)
    const now = await page.evaluate(() => Date.now())
    const dueMs = Math.ceil(now / 300_000) * 300_000 + 60_000 - now
    await page.clock.fastForward(dueMs + 5000)
    await painted(page)
    await counting.waitFor()
    await page.clock.fastForward(60_000)
    await page.locator('.wall-head .late', { hasText: 'no data to show' }).waitFor()
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    await page.close()
  })

  test('a chart that waits for its first point is fetched again at once, and not when a step is over', async () => {
    const { page } = await weir.open('/?from=now-6h&to=now')
    await page.locator('.caption', { hasText: 'again every 10 s' }).waitFor()
    await page.getByRole('button', { name: 'Show them' }).click()
    await page.getByRole('heading', { name: /Mon 16 Nov 2026/ }).waitFor()
    await page.goto(`${weir.url}/?from=2026-11-16T09:00:00Z&to=now`)
    await page.locator('.caption', { hasText: 'again every 5 min' }).waitFor()
    await page.close()
  })

  test('each half of the legend is under its heading, on a phone, a tablet, a desk and paper', async () => {
    const { page } = await weir.open(`/?${around}`)
    await page.locator('.legend tbody tr').first().waitFor()
    for (const width of [360, 800, 1366]) {
      await page.setViewportSize({ width, height: 768 })
      await headsFit(page)
    }
    await page.setViewportSize({ width: 794, height: 1123 })
    await page.emulateMedia({ media: 'print' })
    await headsFit(page)
    await page.close()
  })

  test('on a phone a preset fits on one line', async () => {
    const viewport = { width: 360, height: 740 }
    const { page } = await weir.open(`/?${around}`, { viewport })
    await answered(page)
    for (const button of await page.locator('[aria-label="Presets"] button').all()) {
      const [room, needed] = await button.evaluate((it) => [it.clientHeight, it.scrollHeight])
      assert.ok(needed <= room, `${await button.textContent()}: ${needed} of ${room} pixels`)
    }
    await page.close()
  })

  test('on a phone no figure of an object’s graphs is cut off', async () => {
    const viewport = { width: 360, height: 740 }
    const { page } = await weir.open('/object/host/10.0.0.22?to=2026-11-16T13:00:00Z', { viewport })
    const table = page.locator('.graph-figures').first()
    await table.waitFor()
    const [room, needed] = await table.evaluate((it) => [it.clientWidth, it.scrollWidth] as const)
    assert.ok(needed <= room, `${needed} of ${room} pixels`)
    const last = await table.locator('td').last().boundingBox()
    assert.ok(last!.x + last!.width <= viewport.width, 'the total is in sight')
    await page.close()
  })

  test('on the narrowest phone no page is wider than the screen', async () => {
    const viewport = { width: 320, height: 568 }
    for (const [path, shown] of [
      ['/', '.legend'],
      ['/incidents', '.incident'],
      ['/exporters', '.exporter'],
      ['/reports', '.report, .empty'],
      ['/trackers', '.page'],
      ['/alerts', '.page'],
      ['/dashboards', '.page'],
      ['/status', '.facts.wide'],
    ] as const) {
      const { page } = await weir.open(`${path}?${around}`, { viewport })
      await page.locator(shown).first().waitFor()
      const wide = await page.evaluate(() => document.documentElement.scrollWidth)
      assert.ok(wide <= viewport.width, `${path}: ${wide} pixels`)
      await page.close()
    }
  })

  test('on paper there are no buttons, and no figure is cut off', async () => {
    const viewport = { width: 794, height: 1123 }
    const { page } = await weir.open(`/?${around}&explain=shown`, { viewport })
    await page.locator('.sentence').waitFor()
    await page.locator('.top tbody tr').first().waitFor()
    await page.emulateMedia({ media: 'print' })
    for (const name of ['Print', 'Close', 'Show it'])
      assert.ok(
        !(await page.locator('.explain').getByText(name, { exact: true }).isVisible()),
        name,
      )
    for (const top of await page.locator('.top').all()) {
      const [room, needed] = await top.evaluate((it) => [it.clientWidth, it.scrollWidth])
      assert.ok(needed <= room, `${needed} of ${room} pixels`)
    }
    await page.goto(`${weir.url}/?${around}&draw=table`)
    const figures = page.getByRole('region', { name: 'Figures' })
    await figures.locator('td').first().waitFor()
    const cut = await figures.evaluate((it) => it.scrollWidth - it.clientWidth)
    assert.ok(cut <= 0, `${cut} pixels of the steps are cut off`)
    await page.close()
  })
})

/** Runs in the page before its scripts: records whether the view is busy, whenever something has changed. */
function recordBusy(): void {
  const seen: string[] = []
  Object.assign(globalThis, { seen })
  const watch = new MutationObserver(() => {
    const busy = document.querySelector('main')?.getAttribute('aria-busy')
    if (busy) seen.push(busy)
  })
  watch.observe(document, { attributes: true, childList: true, subtree: true })
}

/** Records every text drawn on a canvas from now on. */
async function recordDrawnText(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const drawn: string[] = []
    Object.assign(globalThis, { drawn })
    const before = Reflect.get(CanvasRenderingContext2D.prototype, 'fillText') as (
      ...given: unknown[]
    ) => void
    CanvasRenderingContext2D.prototype.fillText = function (...given) {
      drawn.push(given[0])
      before.apply(this, given)
    }
  })
}

function drawnText(page: Page): Promise<string[]> {
  return page.evaluate(() => (globalThis as unknown as { drawn: string[] }).drawn)
}

/** Waits until 11:20 UTC is drawn as in Brussels, after whatever was drawn as in Tokyo. */
async function drawsBrussels(page: Page): Promise<void> {
  await until(async () => {
    const drawn = await drawnText(page)
    return drawn.lastIndexOf('12:20') > drawn.lastIndexOf('20:20')
  })
}

/** A heading ends where the last column of its half ends, and none is cut off. */
async function headsFit(page: Page): Promise<void> {
  const ends = await page.evaluate(() => {
    const right = (selector: string) =>
      [...document.querySelectorAll(`.legend thead ${selector}`)]
        .map((cell) => cell.getBoundingClientRect())
        .filter(({ width }) => width > 0)
        .map((box) => Math.round(box.right))
    const { clientWidth, scrollWidth } = document.querySelector('.legend')!
    const columns = [right('.above').at(-1), right('.below').at(-1)]
    return { heads: right('.group'), columns, cut: scrollWidth - clientWidth }
  })
  assert.deepEqual(ends.heads, ends.columns)
  assert.equal(ends.cut, 0, 'pixels of the legend that are cut off')
}
