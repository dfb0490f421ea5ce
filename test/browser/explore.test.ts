import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Page, Response } from 'playwright-core'

import type { SeriesAnswer } from '../../api/schema/schema.ts'
import { skipWithout } from '../setup/parts.ts'
import { browsedWeir, BrowsedWeir } from './browsed-weir.ts'
import { answered, emptyPage, openPage, painted, shoot, type PageOptions } from './opened.ts'

/** The whole capture, and half an hour around the cut, which is faster to answer. */
const morning = '?from=2026-11-16T09:00:00Z&to=2026-11-16T13:00:00Z'
const around = '?from=2026-11-16T11:20:00Z&to=2026-11-16T11:50:00Z'

describe('the page in Chromium', { skip: skipWithout('chromium'), timeout: 480_000 }, () => {
  const weir = browsedWeir()

  async function open(query: string, options: PageOptions = {}) {
    const opened = await weir.open(query, options)
    await settled(opened.page)
    return opened
  }

  test('a drag from 11:31 to 11:38 ends at steps of 5 s or finer; Back undoes it', async () => {
    const { page, complaints } = await open(`/${morning}&tz=UTC`)
    const box = await page.locator('.u-over').boundingBox()
    assert.ok(box)
    const x = (minute: number) => box.x + (box.width * (minute - 9 * 60)) / 240
    const answered = page.waitForResponse(isKeyed)
    await page.mouse.move(x(11 * 60 + 31), box.y + 60)
    await page.mouse.down()
    await page.mouse.move(x(11 * 60 + 38), box.y + 90, { steps: 6 })
    await page.mouse.up()
    const answer = (await (await answered).json()) as SeriesAnswer
    assert.ok(answer.step <= 5, `steps of ${answer.step} s`)
    assert.ok(Math.abs(answer.from - 1_794_828_660) < 30, 'from 11:31')
    assert.ok(Math.abs(answer.to - 1_794_829_080) < 30, 'to 11:38')
    await settled(page)
    assert.match(page.url(), /from=2026-11-16T11:3[01]:\d\dZ&to=2026-11-16T11:3[78]:\d\dZ/)
    await shoot(page, 'cut-1366-dark')

    await page.mouse.dblclick(box.x + 300, box.y + 100)
    await page.waitForURL((url) => url.search.startsWith(morning))
    await settled(page)
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('tables that come later than their chart do not pass for its own until then', async () => {
    const { page } = await open(`/${around}&tz=UTC`)
    const tables = page.locator('.tops')
    await page.locator('.top tbody tr').first().waitFor()
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    await page.route('**/api/top?*', async (route) => {
      await held
      await route.continue()
    })
    await page.getByRole('button', { name: 'One window on', exact: true }).click()
    await page.getByRole('heading', { name: /11:50 – 12:20/ }).waitFor()
    assert.equal(await tables.getAttribute('aria-busy'), 'true')
    await tables.getByText('of the view before').first().waitFor()
    release()
    await page.locator('.tops[aria-busy="false"]').waitFor()
    assert.equal(await tables.getByText('of the view before').count(), 0)
    await page.close()
  })

  test('a drag in the shortest window leaves the axis unchanged, and no zoom out exceeds the limits', async () => {
    const { page, complaints } = await open(
      '/?from=2026-11-16T11:32:06Z&to=2026-11-16T11:32:12Z&tz=UTC',
    )
    const box = await page.locator('.u-over').boundingBox()
    assert.ok(box)
    await page.mouse.move(box.x + box.width * 0.35, box.y + 60)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.65, box.y + 60, { steps: 4 })
    await page.mouse.up()
    await page.mouse.move(box.x + box.width / 12, box.y + 60)
    await page.locator('.card-time', { hasText: '11:32:06 – 11:32:07' }).waitFor()

    await page.locator('.chart').focus()
    for (let i = 0; i < 30; i++) await page.keyboard.press('-')
    await settled(page)
    assert.deepEqual(await page.locator('.message.error').allTextContents(), [])
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test("the legend's numbers are the API's summary", async () => {
    const { page, complaints } = await open(`/${morning}`)
    for (const by of ['host', 'port', 'protocol', 'direction']) {
      const answered = page.waitForResponse(isKeyed)
      await page.goto(`${weir.url}/${morning}&by=${by}`)
      const answer = (await (await answered).json()) as SeriesAnswer
      await settled(page)
      const shown = await legendFigures(page)
      let compared = 0
      for (const { key, summary } of answer.series) {
        const { direction, ...rest } = key ?? {}
        const id = Object.values(rest).join('/') || String(direction)
        if (direction !== 'in' && direction !== 'out') continue
        const half = direction === 'in' ? 'above' : 'below'
        const row = shown.get(id)
        if (rest['other'] === true || !row || Object.keys(row[half]).length === 0) continue
        for (const name of ['last', 'average', 'maximum', 'minimum', 'p95', 'total'] as const) {
          const value = summary[name]
          assert.equal(row[half][name], value === null ? undefined : String(value), `${id} ${name}`)
          compared++
        }
      }
      assert.ok(compared >= (by === 'direction' ? 12 : 24), `${compared} figures of ${by}`)
    }
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('the crosshair shows who it was: 10.0.0.22 within the cut, and not before', async () => {
    const { page } = await open('/?from=2026-11-16T11:30:00Z&to=2026-11-16T11:38:00Z&tz=UTC')
    const box = await page.locator('.u-over').boundingBox()
    assert.ok(box)
    const first = async (second: number) => {
      await page.mouse.move(box.x + (box.width * second) / 480, box.y + 50)
      await painted(page)
      return page.locator('.card tbody tr').first().textContent()
    }
    assert.match((await first(240)) ?? '', /10\.0\.0\.22/)
    assert.doesNotMatch((await first(60)) ?? '', /10\.0\.0\.22/)
    await shoot(page, 'crosshair-1366-dark')
    await page.close()
  })

  test('by keyboard: cursor, zoom, back, help; and the cursor is read aloud', async () => {
    const { page, complaints } = await open(`/${around}`)
    await page.locator('.chart').focus()
    await page.keyboard.press('End')
    for (let i = 0; i < 3; i++) await page.keyboard.press('Shift+ArrowLeft')
    await page.waitForFunction(() =>
      (document.querySelector('[aria-live="polite"]')?.textContent ?? '').includes('received'),
    )
    await page.keyboard.press('+')
    await page.waitForURL((url) => !url.search.startsWith(around))
    await settled(page)
    await page.keyboard.press('Escape')
    await page.waitForURL((url) => url.search.startsWith(around))
    await page.keyboard.press('?')
    await page.locator('dialog[open]').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('dialog[open]').waitFor({ state: 'detached' })
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('a click on a top port filters by it, a wrong filter is marked at the position of its fault', async () => {
    const { page } = await open(`/${around}`)
    await page.locator('.top[aria-label="Top ports"] tbody button').first().click()
    await page.waitForURL(/filter=proto\+\w+\+and\+port\+\d+/)
    await settled(page)
    const filter = page.getByLabel('Filter', { exact: true })
    await filter.fill('host 10.0.0.22 und port 443')
    assert.equal(await page.locator('.fault mark').textContent(), 'und')
    await page.close()
  })

  test('an address and Enter are enough for a filter, and of what could mean several things nothing is guessed', async () => {
    const { page } = await open(`/${around}`)
    const field = page.getByRole('combobox', { name: 'Filter' })
    await field.fill('port 443 and 10.0.0.22')
    await field.press('Enter')
    await page.waitForURL(/filter=port\+443\+and\+host\+10\.0\.0\.22(&|$)/)
    assert.equal(await field.inputValue(), 'port 443 and host 10.0.0.22')
    // There is one exporter that begins like this: it may not be the one that is meant.
    for (const text of ['p', 'exporter 10.0.0']) {
      await field.fill(text)
      await field.press('Enter')
      await page.locator('.fault').waitFor()
      assert.equal(await field.inputValue(), text)
      assert.match(page.url(), /filter=port\+443\+and\+host/)
    }
    await page.close()
  })

  test('a filter whose answer comes after its view was left does not call back', async () => {
    const { page } = await open(`/${around}`)
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    await page.route('**/api/filter?*', async (route) => {
      await held
      await route.continue().catch(() => undefined)
    })
    const asked = page.waitForRequest('**/api/filter?*')
    const field = page.getByRole('combobox', { name: 'Filter' })
    await field.fill('port 443')
    await field.press('Enter')
    await asked
    await page.getByRole('link', { name: 'Status' }).click()
    await page.getByRole('heading', { name: 'Status' }).waitFor()
    release()
    await page.unrouteAll({ behavior: 'wait' })
    await assert.rejects(page.waitForURL(/filter=/, { timeout: 1500 }))
    await page.close()
  })

  test('a chart that was due while its page was hidden is not asked for once another view is open', async () => {
    const { page } = await openPage(weir.browser, 'about:blank')
    await page.clock.install()
    await page.goto(`${weir.url}/?from=now-1h&to=now&refresh=10s`)
    await page.locator('.caption', { hasText: 'again every 10 s' }).waitFor()
    await answered(page)
    const see = (isSeen: boolean) =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))
      }, !isSeen)
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    await see(false)
    await page.clock.runFor(11_000)
    assert.ok(!asked.includes('/api/series'), 'it is due, and hidden')
    await page.getByRole('link', { name: 'Exporters' }).click()
    await page.getByRole('heading', { name: 'Exporters' }).waitFor()
    await see(true)
    await page.clock.runFor(1000)
    assert.ok(!asked.includes('/api/series'), asked.join())
    await page.getByRole('link', { name: 'Explore' }).click()
    await page.waitForResponse('**/api/series?*')
    await page.close()
  })

  test('by keyboard: a range is seen from its first step on, stays at its time, and Escape gives it up', async () => {
    const { page } = await open(`/${around}`)
    const seen = async () => (await page.locator('.u-select').boundingBox())!
    await page.locator('.chart').focus()
    await page.keyboard.press('Home')
    for (let i = 0; i < 10; i++) await page.keyboard.press('Shift+ArrowRight')
    await page.keyboard.press('Enter')
    const first = await seen()
    assert.ok(first.height > 100, 'the first step')
    for (let i = 0; i < 10; i++) await page.keyboard.press('Shift+ArrowRight')
    const chosen = await seen()
    assert.ok(chosen.x === first.x && chosen.width > 50, `${chosen.width} pixels`)
    await page.keyboard.press('Escape')
    assert.equal((await seen()).height, 0)
    assert.ok(new URL(page.url()).search.startsWith(around))
    await page.keyboard.press('Enter')
    for (let i = 0; i < 10; i++) await page.keyboard.press('Shift+ArrowLeft')
    await page.keyboard.press('Shift+Enter')
    await page.getByRole('group', { name: 'The marked range' }).waitFor()
    const marked = await seen()
    await page.keyboard.press('-')
    await page.waitForURL((url) => !url.search.startsWith(around))
    await settled(page)
    const { width } = await seen()
    assert.ok(width > 20 && Math.abs(2 * width - marked.width) < 4, `${width}, ${marked.width}`)
    await page.close()
  })

  test('a threshold that is no figure is said at once, and only as long as it stands there', async () => {
    const { page } = await open(`/${around}`)
    const field = page.getByLabel('Threshold')
    const fault = () => field.evaluate((it) => (it as HTMLInputElement).validationMessage)
    await field.fill('100 Mbit')
    await field.press('Enter')
    assert.equal(await fault(), 'write a figure such as 100M or 2.5G')
    await page.getByRole('link', { name: 'Status' }).click()
    await page.goBack()
    await settled(page)
    assert.equal(await fault(), '')
    assert.equal(await field.getAttribute('aria-invalid'), null)
    await field.fill('100M')
    await field.press('Enter')
    await page.waitForURL(/threshold=100M/)
    await page.close()
  })

  test('a filter that is answered after a later one does not replace it', async () => {
    const { page } = await open(`/${around}`)
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    await page.route(/filter\?filter=host\+10\.0\.0\.5&/, async (route) => {
      await held
      await route.continue()
    })
    const field = page.getByRole('combobox', { name: 'Filter' })
    const ask = async (filter: string) => {
      await field.fill(filter)
      await field.press('Enter')
    }
    await ask('host 10.0.0.5')
    await ask('host 10.0.0.22')
    await page.waitForURL(/filter=host\+10\.0\.0\.22/)
    const late = page.waitForResponse(/filter\?filter=host\+10\.0\.0\.5&/)
    release()
    await late
    await painted(page)
    assert.match(page.url(), /filter=host\+10\.0\.0\.22/)
    assert.equal(await field.inputValue(), 'host 10.0.0.22')
    await page.close()
  })

  test('what was begun in a chart ends with it: a mark, and a range chosen by keyboard', async () => {
    const { page } = await open(`/${around}&tz=UTC`)
    const chart = page.locator('.chart')
    await chart.focus()
    for (const key of ['Home', 'Enter', 'ArrowRight', 'Shift+Enter']) await page.keyboard.press(key)
    const marks = page.getByRole('group', { name: 'The marked range' })
    await marks.waitFor()
    await page.getByRole('link', { name: 'Trackers' }).click()
    await page.getByRole('heading', { name: 'Trackers' }).waitFor()
    await page.goBack()
    await settled(page)
    assert.equal(await marks.count(), 0)
    await chart.focus()
    for (const key of ['Home', 'Enter', ']']) await page.keyboard.press(key)
    await page.getByRole('heading', { name: /11:50 – 12:20/ }).waitFor()
    await settled(page)
    const address = page.url()
    // The window in which a range was begun is not shown any more: another is begun.
    for (const key of ['End', 'Enter']) await page.keyboard.press(key)
    await painted(page)
    assert.equal(page.url(), address)
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('Enter')
    await page.waitForURL((url) => url.href !== address)
    await page.close()
  })

  test('a click shows a key alone, and the choice is in the address', async () => {
    const { page } = await open(`/${around}`)
    await page.locator('.legend tbody tr[data-key="10.0.0.22"] button').click()
    await page.waitForURL(/only=10\.0\.0\.22/)
    assert.equal(await page.locator('.legend tbody tr:not(.off):not(.sum)').count(), 1)
    await page.locator('.legend tbody tr[data-key="10.0.0.22"] button').click()
    await page.waitForURL((url) => !url.search.includes('only='))
    // Left out, it does not stand out from the others while the pointer rests on it.
    const button = page.locator('.legend tbody tr[data-key="10.0.0.22"] button')
    await button.click({ modifiers: ['Control'] })
    await page.locator('.legend tbody tr.off').waitFor()
    const drawn = async () => {
      await painted(page)
      return page.locator('.canvas canvas').first().screenshot()
    }
    const pointed = await drawn()
    await page.mouse.move(1, 1)
    assert.ok(pointed.equals(await drawn()), 'the pointer made the others pale')
    await page.close()
  })

  for (const [what, width, height] of [
    ['on a phone', 390, 844],
    ['on a laptop at 200 %', 683, 384],
  ] as const)
    test(`${what} every view and every word of the choices is in sight`, async () => {
      const { page } = await open(`/${around}`, { viewport: { width, height } })
      const ends = await page
        .locator('.navigation nav a, .bar .choice > *')
        .evaluateAll((words) => words.map((word) => word.getBoundingClientRect().right))
      assert.ok(ends.length > 20 && Math.max(...ends) <= width, `${Math.max(...ends)} of ${width}`)
      const cut = await page
        .locator('.navigation nav')
        .evaluate((nav) => nav.scrollWidth - nav.clientWidth)
      assert.ok(cut <= 0, `${cut} pixels of the views are beyond the edge`)
      await page.close()
    })

  test('an incident that is clicked is looked for once, in its own time', async () => {
    const { page } = await open(`/${morning}`)
    const asked: string[] = []
    page.on('request', (request) => {
      const { pathname, searchParams } = new URL(request.url())
      if (pathname === '/api/incidents') asked.push(searchParams.get('from')!)
    })
    await page.locator('.lane-mark').click()
    await page.getByRole('heading', { name: /12:30:00 – / }).waitFor()
    assert.equal(asked.length, 1, asked.join())
    await page.close()
  })

  test('an invalid address, and an API that has gone, are reported', async () => {
    const { page } = await open(`/${around}&by=nonsense`)
    assert.match(
      (await page.locator('.message.warning').first().textContent()) ?? '',
      /by=nonsense/,
    )
    await page.goto(`${weir.url}/?from=now&to=now-1h`)
    await page.getByText('The end must be after the start.').waitFor()
    await page.goto(`${weir.url}/${around}`)
    await settled(page)
    await page.route('**/api/series*', (route) => route.abort())
    await page.keyboard.press('r')
    const error = page.locator('.message.error').first()
    await error.waitFor()
    assert.match((await error.textContent()) ?? '', /does not answer/)
    assert.ok(await page.locator('.legend tbody tr').count(), 'the old chart stays')
    await page.close()
  })

  test('if nothing is known for long enough, the page says why nothing is drawn', async () => {
    const { page } = await open('?from=2025-11-20T00:00:00Z&to=2026-11-20T00:00:00Z&tz=UTC')
    await page
      .getByText('Nothing is drawn of this time: less than half of every 1 d is known')
      .waitFor()
    await page.locator('.caption', { hasText: 'bar at the foot: known' }).waitFor()
    await page.getByRole('button', { name: 'Show it' }).click()
    await page.locator('h1', { hasText: 'Mon 16 Nov 2026 09:00 – 13:05' }).waitFor()
    await settled(page)
    assert.equal(await page.getByText('Nothing is drawn').count(), 0)
    assert.equal(await page.getByRole('button', { name: 'Show it' }).count(), 0)
    await page.goto(`${weir.url}/?from=now-1y&to=now&tz=UTC`)
    await page.getByText('Nothing is drawn of this time: less than half').waitFor()
    const month = '?from=2026-11-01T00:00:00Z&to=2026-11-29T00:00:00Z&tz=UTC'
    await page.goto(`${weir.url}/${month}`)
    await page.getByText('Little of this window is known: Mon 16 Nov 2026 09:00 – 13:05').waitFor()
    await page.goto(`${weir.url}/${around}`)
    await settled(page)
    assert.equal(await page.getByText('Nothing is drawn').count(), 0)
    await page.close()
  })

  test('screens: wide and narrow, dark and light, nothing wider than the window', async () => {
    const sizes: [number, number][] = [
      [1366, 768],
      [1920, 1080],
      [390, 844],
    ]
    for (const [width, height] of sizes) {
      const { page, complaints } = await open(`/${around}`, { viewport: { width, height } })
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme })
        await painted(page)
        const wide = await page.evaluate(() => document.documentElement.scrollWidth)
        assert.ok(wide <= width, `${wide} of ${width} pixels`)
        await shoot(page, `page-${width}-${colorScheme}`)
      }
      assert.deepEqual(complaints, [])
      await page.close()
    }
  })
})

describe('the page without data', { skip: skipWithout('chromium'), timeout: 240_000 }, () => {
  test('says how to point a router at this host', async () => {
    await using weir = await BrowsedWeir.start({ replayed: false })
    const page = await emptyPage(weir.browser, { viewport: { width: 1366, height: 768 } })
    await page.goto(weir.url)
    await page.getByText('No exporter yet').waitFor()
    assert.match((await page.locator('.welcome').textContent()) ?? '', /UDP port 2055/)
    await shoot(page, 'welcome-1366-light')
  })

  for (const [address, isWarned] of [
    ['127.0.0.1', true],
    ['192.0.2.7', false],
  ] as const)
    test(`points routers at ${address} if Weir listens there only`, async () => {
      const environment = { WEIR_NETFLOW: `${address}:2055` }
      await using weir = await BrowsedWeir.start({ replayed: false, environment })
      const page = await emptyPage(weir.browser)
      await page.goto(weir.url)
      await page.getByText(`Point a router at ${address}:`).waitFor()
      const warned = page.getByText(`Only this machine reaches ${address}.`)
      assert.equal(await warned.count(), isWarned ? 1 : 0)
    })
})

/** The chart's own answer: split by a key, or by direction alone if that is the split. */
function isKeyed(response: Response): boolean {
  const url = new URL(response.url())
  if (url.pathname !== '/api/series' || url.searchParams.get('cf') === 'max') return false
  const by = url.searchParams.get('by') ?? ''
  const split = new URL(response.frame().url()).searchParams.get('by') ?? 'host'
  return by === (split === 'direction' ? 'direction' : `${split},direction`)
}

/** Waits until the queried data is drawn. */
async function settled(page: Page): Promise<void> {
  await page.locator('main[aria-busy="false"]').waitFor()
  await page.locator('.legend tbody tr').first().waitFor()
  await page.locator('.tops').waitFor()
  await painted(page)
}

type Figures = Record<'above' | 'below', Record<string, string>>

/** The legend's exact figures by the id of the key. */
async function legendFigures(page: Page): Promise<Map<string, Figures>> {
  const rows = await page.locator('.legend tbody tr').evaluateAll((elements) =>
    elements.map((element) => {
      const of = (half: string) =>
        [...element.querySelectorAll<HTMLElement>(`td.${half}[data-value]`)].map((cell) => [
          cell.className.split(' ')[1] ?? '',
          cell.dataset['value'] ?? '',
        ])
      return { key: element.getAttribute('data-key') ?? '', above: of('above'), below: of('below') }
    }),
  )
  return new Map(
    rows.map(({ key, above, below }) => [
      key,
      {
        above: Object.fromEntries(above) as Record<string, string>,
        below: Object.fromEntries(below) as Record<string, string>,
      },
    ]),
  )
}
