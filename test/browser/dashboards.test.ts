/** Dashboards at the desk and on the wall, while they turn and while others change them. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'

import type { Page } from 'playwright-core'

import type { Panel } from '../../api/schema/state.ts'
import type { SeriesAnswer } from '../../api/schema/schema.ts'
import { formatWithUnit } from '../../flow/units.ts'
import { scratchFolder } from '../processes.ts'
import { skipWithout } from '../setup/parts.ts'
import { until } from '../until.ts'
import { browsedWeir } from './browsed-weir.ts'
import { emptyPage, painted, withClockOf } from './opened.ts'

const place: Panel['place'] = { column: 0, row: 0, columns: 6, rows: 3 }
const range = { from: '2026-11-16T11:20:00Z', to: '2026-11-16T11:50:00Z' }
const clock: Panel = { kind: 'clock', place }

describe('dashboards', { skip: skipWithout('chromium'), timeout: 560_000 }, () => {
  const weir = browsedWeir()

  test('a wall comes back to its own dashboard from those that it rotates with', async () => {
    await weir.addDashboard({ id: 'second', title: 'Second', panels: [clock] })
    const rotation = { seconds: 5, dashboards: ['second'] }
    await weir.addDashboard({ id: 'first', title: 'First', panels: [clock], rotation })
    const page = await emptyPage(weir.browser)
    await page.clock.install()
    await page.goto(`${weir.url}/wall/first`)
    for (const title of ['First', 'Second', 'First', 'Second']) {
      await page.getByRole('heading', { name: title, exact: true }).waitFor()
      await painted(page)
      await page.clock.fastForward(5000)
    }
    await page.close()
  })

  test('the age of the data is that of the dashboard that is shown', async () => {
    const chart: Panel = { kind: 'chart', place, query: { ...range, by: 'host', measure: 'bits' } }
    await weir.addDashboard({ id: 'clocks', title: 'Clocks', panels: [clock] })
    const rotation = { seconds: 600, dashboards: ['clocks'] }
    await weir.addDashboard({ id: 'charts', title: 'Charts', panels: [chart], rotation })
    const page = await emptyPage(weir.browser)
    await page.clock.install()
    await page.goto(`${weir.url}/wall/charts`)
    await page.locator('.wall-head', { hasText: /^Charts.*data \d+ d.* old/ }).waitFor()
    await page.locator('.tile-legend', { hasText: /^until .*:50:00/ }).waitFor()
    await painted(page)
    await page.clock.fastForward(600_000)
    await page.getByRole('heading', { name: 'Clocks', exact: true }).waitFor()
    await painted(page)
    assert.equal(await page.locator('.wall-head .age').count(), 0)
    await page.close()
  })

  test('panels whose first answer takes long say so, and nothing else', async () => {
    const query = { ...range, by: 'host' }
    const panels: Panel[] = [
      { kind: 'chart', place, query: { ...query, measure: 'bits' } },
      { kind: 'top', place: { ...place, column: 6 }, query: { ...query, order: 'bytes' } },
      { kind: 'incidents', place: { ...place, row: 3 } },
      {
        kind: 'number',
        place: { ...place, column: 6, row: 3 },
        query: { ...range, by: 'direction', measure: 'bits' },
        statistic: 'last',
        direction: 'in',
      },
    ]
    await weir.addDashboard({ id: 'awaited', title: 'Awaited', panels })
    const page = await emptyPage(weir.browser)
    const { promise: isOver, resolve: goOn } = Promise.withResolvers<void>()
    await page.route(/\/panels\/|\/api\/incidents/, async (route) => {
      await isOver
      await route.continue().catch(() => undefined)
    })
    await page.goto(`${weir.url}/wall/awaited`)
    const waiting = page.locator('.tile').filter({ hasText: /^loading …$/ })
    await waiting.getByText('loading …').last().waitFor()
    await until(async () => (await waiting.count()) === panels.length)
    goOn()
    await page.locator('.tile-legend li').first().waitFor()
    await until(async () => (await page.getByText('loading …').count()) === 0)
    await page.close()
  })

  test('a dashboard that takes longer to come than each is shown is shown', async () => {
    await weir.addDashboard({ id: 'slow', title: 'Slow', panels: [clock] })
    const rotation = { seconds: 5, dashboards: ['slow'] }
    await weir.addDashboard({ id: 'quick', title: 'Quick', panels: [clock], rotation })
    const page = await emptyPage(weir.browser)
    await page.clock.install()
    const { promise: isOver, resolve: goOn } = Promise.withResolvers<void>()
    let asked = 0
    await page.route('**/api/dashboards/slow', async (route) => {
      asked += 1
      await isOver
      await route.continue().catch(() => undefined)
    })
    await page.goto(`${weir.url}/wall/quick`)
    await page.getByRole('heading', { name: 'Quick', exact: true }).waitFor()
    await painted(page)
    await page.clock.fastForward(5000)
    await until(() => asked === 1)
    await page.clock.fastForward(7000)
    goOn()
    await page.getByRole('heading', { name: 'Slow', exact: true }).waitFor()
    assert.equal(asked, 1)
    await painted(page)
    await page.clock.fastForward(5000)
    await page.getByRole('heading', { name: 'Quick', exact: true }).waitFor()
    await page.close()
  })

  test('a screen is let go that is kept awake only after its wall was left', async () => {
    const { page } = await weir.open('/dashboards')
    await page.context().grantPermissions(['screen-wake-lock'])
    await page.evaluate(() => {
      const request = navigator.wakeLock.request.bind(navigator.wakeLock)
      Object.assign(window, { granted: null, grant: null })
      navigator.wakeLock.request = async (type) => {
        await new Promise((resolve) => Object.assign(window, { grant: resolve }))
        return Object.assign(window, { granted: await request(type) }).granted
      }
    })
    await page.getByRole('link', { name: 'Traffic' }).click()
    await until(() => page.evaluate('grant !== null'))
    await page.goBack()
    await page.getByRole('heading', { name: 'Dashboards' }).first().waitFor()
    await page.evaluate('grant()')
    await until(() => page.evaluate('granted?.released === true'))
    await page.close()
  })

  test('the bar at the foot of a chart is explained at the desk and on the wall, whose data is as old as it', async () => {
    const year = { from: '2025-11-20T00:00:00Z', to: '2026-11-20T00:00:00Z' }
    const panel: Panel = { kind: 'chart', place, query: { ...year, by: 'host,direction' } }
    await weir.addDashboard({ id: 'year', title: 'Year', panels: [panel] })
    for (const path of ['/dashboards/year', '/wall/year']) {
      const { page } = await weir.open(path)
      await page.getByText('bar at the foot: known, but less than half of its step').waitFor()
      if (path.startsWith('/wall')) await page.getByText(/^data \d+ d/).waitFor()
      await page.close()
    }
  })

  test('a live chart says why nothing comes: ingest does not run', async () => {
    const panel: Panel = { kind: 'live', place, measure: 'bits', seconds: 300 }
    await weir.addDashboard({ id: 'live', title: 'Live', panels: [panel] })
    const { page } = await weir.open('/dashboards/live')
    await page.addInitScript(() => {
      const seen = () => {
        const { body } = document
        if (body?.textContent.includes('nothing received yet')) body.dataset['wrong'] = 'seen'
      }
      new MutationObserver(seen).observe(document, { subtree: true, childList: true })
    })
    await page.reload()
    await page.locator('.tile', { hasText: 'Ingest does not run: nothing is received.' }).waitFor()
    assert.equal(await page.locator('body[data-wrong]').count(), 0)
    await page.close()
  })

  test('a list without rows says whether that is no traffic, or not known', async () => {
    const query = { by: 'host', filter: 'host 192.0.2.99' }
    const before = { from: '2026-11-16T01:20:00Z', to: '2026-11-16T01:50:00Z' }
    await weir.addDashboard({
      id: 'nothing',
      title: 'Nothing',
      panels: [
        { kind: 'top', title: 'Known', place, query: { ...query, ...range } },
        { kind: 'top', title: 'Unknown', place: { ...place, column: 6 }, query: { ...query, ...before } },
      ],
    }) // prettier-ignore
    const { page } = await weir.open('/wall/nothing')
    await page.getByText('nothing in this time').waitFor()
    assert.equal(await page.locator('.wall-head .late').count(), 0, 'lists have no age')
    await page.getByText('unknown: no data of this time').waitFor()
    await page.goto(`${weir.url}/?from=${before.from}&to=${before.to}`)
    await page.locator('.top', { hasText: 'unknown: no data of this window' }).nth(2).waitFor()
    await page.getByText('Nothing is known of what came in this window. The newest').waitFor()
    await page.goto(`${weir.url}/?from=${range.from}&to=${range.to}&filter=host 192.0.2.99`)
    await page.locator('.top', { hasText: 'nothing in this window' }).nth(2).waitFor()
    await page.close()
  })

  test('a greatest figure is that of all traffic, as the API has it, and whole in a narrow panel', async () => {
    const narrow = { ...place, columns: 2 }
    const query = { ...range, by: 'direction' }
    await weir.addDashboard({
      id: 'figures',
      title: 'Figures',
      panels: [
        { kind: 'number', title: 'Greatest', statistic: 'maximum', place: narrow, query, threshold: 1e6 },
        { kind: 'number', title: 'Opened', statistic: 'total', place: { ...narrow, column: 2 }, query: { ...query, measure: 'connections' } },
      ],
    }) // prettier-ignore
    const { from, to } = range
    const asked = await fetch(`${weir.url}/api/series?from=${from}&to=${to}`)
    const { series } = (await asked.json()) as SeriesAnswer
    const greatest = formatWithUnit(series[0]!.summary.maximum!, 'b/s')
    const { page } = await weir.open('/dashboards/figures')
    const shown = page.getByRole('region', { name: 'Greatest' })
    await shown.getByText(greatest).waitFor()
    await shown.getByText(/^over the threshold · greatest · of 30 min/).waitFor()
    const opened = page.getByRole('region', { name: 'Opened' })
    await opened.getByText(/connections$/).waitFor()
    const cut = await opened.locator('.figure').evaluate((element) => {
      return element.scrollWidth - element.clientWidth
    })
    assert.equal(cut, 0)
    await page.close()
  })

  test('on a wall no figure and no row is cut: a name is shortened, and a row that does not fit is left out', async () => {
    const at = (column: number, row: number, columns: number, rows: number): Panel['place'] => ({
      column,
      row,
      columns,
      rows,
    })
    const query = { ...range, by: 'exporter,direction', points: '100' }
    await weir.addDashboard({
      id: 'tight',
      title: 'Tight',
      panels: [
        { kind: 'chart', title: 'Lines', place: at(0, 0, 3, 4), query },
        { kind: 'top', title: 'Top', place: at(4, 0, 4, 4), query: { ...range, by: 'host', limit: '30' } },
        { kind: 'clock', title: 'There', place: at(8, 0, 4, 2), tz: 'America/Argentina/Buenos_Aires' },
        { kind: 'text', text: 'as low as twelve rows', place: at(0, 11, 12, 1) },
      ],
    }) // prettier-ignore
    const { page } = await weir.open('/wall/tight', { viewport: { width: 1920, height: 1080 } })
    await page.locator('.tile-top tr').nth(29).waitFor({ state: 'attached' })
    await page.locator('.tile-legend b').first().waitFor()
    for (const viewport of [
      { width: 1920, height: 1080 },
      { width: 1080, height: 1920 },
    ]) {
      await page.setViewportSize(viewport)
      await painted(page)
      const seen = await page.evaluate(() => {
        const [legend, top, there] = ['.tile-legend', '.tile-top', '[aria-label=There]'].map(
          (selector) => document.querySelector(selector)!,
        ) as [Element, Element, Element]
        /** What begins in sight within a box of its tile, and is not whole. */
        const cut = (box: Element, parts: [first: Element, last: Element][]) => {
          const [own, tile] = [box, box.closest('.tile')!].map((it) => it.getBoundingClientRect())
          const bottom = Math.min(own!.bottom, tile!.bottom)
          return parts.flatMap(([first, last]) => {
            const [begin, end] = [first, last].map((it) => it.getBoundingClientRect())
            const isSeen = begin!.top < bottom - 1 && begin!.left < own!.right - 1
            const isWhole = end!.bottom <= bottom + 1 && end!.right <= own!.right + 1
            return isSeen && !isWhole ? [last.textContent] : []
          })
        }
        const named = [...legend.querySelectorAll('.swatch')]
        return {
          figures: cut(legend, named.map((mark) => [mark, mark.parentElement!.querySelector('b')!])), // prettier-ignore
          rows: cut(
            top,
            [...top.querySelectorAll('tr')].map((row) => [row, row]),
          ),
          clock: Math.max(0, there.scrollHeight - there.clientHeight, there.scrollWidth - there.clientWidth), // prettier-ignore
        }
      })
      assert.deepEqual(seen, { figures: [], rows: [], clock: 0 }, JSON.stringify(viewport))
    }
    await page.close()
  })

  test('a panel keeps its figure when somebody else changes the dashboard, which is then shown as it is now', async () => {
    const figure = (direction: 'in' | 'out', column: number): Panel => {
      const query = { ...range, by: 'direction' }
      const title = `All ${direction}`
      return { kind: 'number', title, direction, statistic: 'total', query, place: { ...place, column } } // prettier-ignore
    }
    const panels = [figure('in', 0), figure('out', 6)]
    await weir.addDashboard({ id: 'changed', title: 'Changed', refreshSeconds: 5, panels })
    const pages = [
      (await weir.open('/dashboards/changed')).page,
      (await weir.open('/wall/changed')).page,
      (await weir.open('/dashboards/changed')).page,
    ]
    const editor = pages[2]!
    await editor.getByRole('button', { name: 'Edit', exact: true }).click()
    const figures = (page: Page) =>
      Promise.all(
        panels.map(({ title }) =>
          page.getByRole('region', { name: title! }).locator('.figure').innerText(),
        ),
      )
    for (const page of pages) await until(async () => !(await figures(page)).includes('–'))
    const before = await figures(pages[0]!)
    assert.notEqual(before[0], before[1])
    const answer = await fetch(`${weir.url}/api/dashboards/changed`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ title: 'Turned', refreshSeconds: 5, panels: panels.toReversed() }),
    })
    assert.equal(answer.status, 200, await answer.text())
    for (const page of pages) {
      await page.getByRole('heading', { name: 'Turned' }).waitFor({ timeout: 20_000 })
      await until(async () => isDeepStrictEqual(await figures(page), before))
    }
    // An editor in which nothing was changed goes on with theirs.
    assert.equal(await editor.getByText('not saved yet').count(), 0)
    await editor.getByLabel('Title').fill('Turned twice')
    await editor.getByRole('button', { name: 'Keep' }).click()
    for (const page of pages) {
      await page.getByRole('heading', { name: 'Turned twice' }).waitFor({ timeout: 20_000 })
      await editor.getByText('not saved yet').waitFor({ state: 'detached' })
      await page.close()
    }
  })

  test('a wall’s age of the data counts each second, and is not read out each second', async () => {
    const panel: Panel = { kind: 'chart', place, query: { ...range, by: 'direction' } }
    await weir.addDashboard({ id: 'aging', title: 'Aging', panels: [panel] })
    const page = await emptyPage(weir.browser)
    await page.clock.install({ time: new Date('2026-11-16T11:59:00Z') })
    await withClockOf(page)
    await page.goto(`${weir.url}/wall/aging`)
    const age = page.locator('.age')
    await age.filter({ hasText: /data \d+ min/ }).waitFor()
    const before = await age.textContent()
    const status = await page.getByRole('status').allTextContents()
    await page.clock.runFor(3000)
    assert.notEqual(await age.textContent(), before)
    assert.deepEqual(await page.getByRole('status').allTextContents(), status)
    await page.clock.runFor(120_000)
    await page.getByText('the data is late').waitFor({ state: 'attached' })
    await page.close()
  })

  test('a device whose clock is wrong shows the time up to Weir’s now', async () => {
    for (const wrongMs of [-600_000, 600_000]) {
      const page = await emptyPage(weir.browser)
      await page.clock.install({ time: Date.now() + wrongMs })
      const right = page.waitForRequest((request) => {
        const { pathname, searchParams } = new URL(request.url())
        const to = Number(searchParams.get('to')) * 1000
        return pathname === '/api/series' && Math.abs(to - Date.now()) < 120_000
      })
      await page.goto(`${weir.url}/?from=now-1h&to=now`)
      await right
      await page.close()
    }
  })

  test('a file that is no JSON is said to be that, and can be chosen again once it is mended', async () => {
    const { page } = await weir.open('/dashboards')
    const file = join(await scratchFolder(), 'desk.json')
    const field = page.locator('input[type=file]')
    await writeFile(file, '{"title": "Imported", ')
    await field.setInputFiles(file)
    await page.getByRole('alert').getByText('This is not JSON').waitFor()
    assert.equal(await field.inputValue(), '')
    await writeFile(file, '{"title": "Imported", "panels": []}')
    await field.setInputFiles(file)
    await page.getByRole('heading', { name: 'Imported' }).waitFor()
    await page.close()
  })
})
