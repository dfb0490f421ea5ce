/**
 * Weir is away, restarting or stuck while a page is open: the page says so, and recovers by itself.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Page, Route } from 'playwright-core'

import { skipWithout } from '../setup/parts.ts'
import { until } from '../until.ts'
import { browsedWeir } from './browsed-weir.ts'
import { answered, emptyPage } from './opened.ts'

type View = readonly [address: string, there: string]
/** Every view that queries the API, with a text that appears once it has its answers. */
const views: readonly View[] = [
  ['/?from=now-6h&to=now', '.navigation'],
  ['/incidents?from=2026-11-01&to=2026-12-01', '.incident'],
  ['/exporters', '.exporter'],
  ['/reports?from=2026-11-16T11:20:00Z&to=now', 'table.report tbody tr'],
  ['/object/host/10.0.0.22', '.graph-foot'],
  ['/status', '.part'],
  ['/dashboards', '.part h2'],
  ['/trackers', '.page-head'],
  ['/alerts', '.page-head'],
]
const outage = '?from=2026-11-16T11:20:00Z&to=2026-11-16T11:50:00Z'
type Absence = (route: Route) => Promise<void>
/** What happens to a request: no answer, an answer from a proxy, or a broken one. */
const absences: Record<string, Absence> = {
  'nothing answers': (route) => route.abort('connectionrefused'),
  'a proxy answers 502': (route) => route.fulfill({ status: 502, body: '<h1>Bad gateway</h1>' }),
  'answers break off': (route) =>
    route.fulfill({ contentType: 'application/json', body: '{"incidents":[{"id":' }),
}

describe('while Weir is away', { skip: skipWithout('chromium'), timeout: 560_000 }, () => {
  const weir = browsedWeir()

  /** A page whose exceptions are collected; network errors in its console are expected here. */
  async function open(): Promise<{ page: Page; thrown: string[] }> {
    const page = await emptyPage(weir.browser)
    const thrown: string[] = []
    page.on('pageerror', (error) => thrown.push(error.stack ?? String(error)))
    return { page, thrown }
  }

  async function comesBack([address, there]: View, absent: Absence): Promise<void> {
    const { page, thrown } = await open()
    await page.route('**/api/**', absent)
    await page.goto(weir.url + address)
    await page.locator('.message.error').first().waitFor()
    await page.unroute('**/api/**')
    await page.locator('.message.error').first().waitFor({ state: 'detached' })
    await page.locator(there).first().waitFor()
    assert.deepEqual(thrown, [])
    await page.close()
  }

  test('the first request without an answer is said in the head, which no longer calls the data live', async () => {
    const { page, thrown } = await open()
    await page.goto(`${weir.url}/${outage}`)
    await answered(page)
    await page.locator('.top tbody tr').first().waitFor()
    await page.route('**/api/**', absences['nothing answers']!)
    await page.keyboard.press('r')
    // Sooner than the status is asked for again.
    await page.locator('.navigation', { hasText: 'no answer since' }).waitFor({ timeout: 15_000 })
    await page.unroute('**/api/**')
    await page.locator('.navigation', { hasText: 'no answer since' }).waitFor({ state: 'detached' })
    assert.deepEqual(thrown, [])
    await page.close()
  })

  for (const [what, absent] of Object.entries(absences))
    test(`every view says that ${what}, and recovers by itself`, async () => {
      await Promise.all(views.map((view) => comesBack(view, absent)))
    })

  test('that an answer takes long is said in words, and no longer once it has come', async () => {
    for (const [address, there] of [views[0]!, views[3]!]) {
      const { page, thrown } = await open()
      let release: () => void = () => undefined
      const held = new Promise<void>((resolve) => (release = resolve))
      await page.route(/\/api\/(series|top)\?/, async (route) => {
        await held
        await route.continue()
      })
      await page.goto(weir.url + address)
      const said = page.getByRole('status').filter({ hasText: 'loading …' })
      await said.waitFor()
      release()
      await said.waitFor({ state: 'detached' })
      await page.locator(there).first().waitFor()
      assert.deepEqual(thrown, [])
      await page.close()
    }
  })

  test('views that are not asked again say since when Weir has not answered', async () => {
    const shown = ['/?from=2026-11-16&to=2026-11-17', '/incidents?from=2026-11-01&to=2026-12-01']
    for (const address of shown) {
      const { page, thrown } = await open()
      await page.clock.install()
      // An answer under way when the network is cut would end the silence once more.
      await page.goto(weir.url + address, { waitUntil: 'networkidle' })
      await answered(page)
      await page.locator('.freshness', { hasText: /^data/ }).waitFor()
      await page.route('**/api/**', absences['nothing answers']!)
      await page.clock.runFor(40_000)
      const said = page.getByRole('status').filter({ hasText: /no answer since \d\d:\d\d:\d\d/ })
      await said.waitFor()
      const first = await said.textContent()
      await page.clock.runFor(40_000)
      assert.equal(await said.textContent(), first, 'it is the time of the first failure')
      await page.unroute('**/api/**')
      await page.clock.runFor(40_000)
      await page.locator('.freshness', { hasText: /^data/ }).waitFor()
      assert.equal(await said.count(), 0)
      // Nor is the last age shown as if fresh if all but the status can be read.
      await page.route('**/api/status', (route) =>
        route.fulfill({
          status: 500,
          json: { error: { code: 'internal', message: 'an error in Weir', remedy: 'see its log' } },
        }),
      )
      await page.clock.runFor(40_000)
      const unknown = page.locator('.freshness', { hasText: /^no status since \d\d:\d\d:\d\d/ })
      await unknown.waitFor()
      await page.unroute('**/api/status')
      await page.clock.runFor(40_000)
      await page.locator('.freshness', { hasText: /^data/ }).waitFor()
      assert.deepEqual(thrown, [])
      await page.close()
    }
  })

  test('the tables of a fixed window come by themselves after one answer failed', async () => {
    const { page, thrown } = await open()
    await page.route('**/api/top?*', absences['a proxy answers 502']!)
    await page.goto(`${weir.url}/${outage}`)
    const hosts = page.getByRole('region', { name: 'Top hosts' })
    await hosts.locator('.message.error').waitFor()
    await page.unroute('**/api/top?*')
    await hosts.locator('tbody tr').first().waitFor()
    assert.deepEqual(thrown, [])
    await page.close()
  })

  test('the peers of an explanation come by themselves after their answer failed', async () => {
    const { page, thrown } = await open()
    await page.route('**/api/top?*', absences['a proxy answers 502']!)
    await page.goto(`${weir.url}/${outage}&explain=shown`)
    await page.locator('.sentence').waitFor()
    await page.locator('.top .message.error').first().waitFor()
    await page.unroute('**/api/top?*')
    await page.getByRole('region', { name: 'With whom' }).waitFor()
    assert.deepEqual(thrown, [])
    await page.close()
  })

  test('a query that took too long is not sent again: it would only take as long again', async () => {
    const { page } = await open()
    let asked = 0
    await page.clock.install()
    await page.route('**/api/top?*', async (route) => {
      asked++
      const error = { code: 'timed-out', message: 'the answer took too long', remedy: 'ask for less time' } // prettier-ignore
      await route.fulfill({ status: 503, json: { error } })
    })
    await page.goto(`${weir.url}/reports${outage}`)
    await page.getByText('The answer took too long').waitFor()
    await page.clock.runFor(60_000)
    assert.equal(asked, 1)
    await page.close()
  })

  test('lists that change by themselves are asked for again while they are shown', async () => {
    const changing = [
      ['/alerts', '/api/alerts', '/api/alerts/history'],
      ['/trackers', '/api/trackers'],
      ['/incidents', '/api/incidents'],
    ] as const
    for (const [address, ...paths] of changing) {
      const { page, thrown } = await open()
      await page.clock.install()
      await page.goto(weir.url + address)
      await answered(page)
      const again = paths.map((path) =>
        page.waitForRequest((request) => new URL(request.url()).pathname === path),
      )
      await page.clock.runFor(61_000)
      await Promise.all(again)
      assert.deepEqual(thrown, [])
      await page.close()
    }
  })

  test('what is no longer shown is no longer asked for', async () => {
    const { page } = await open()
    const [asked, aborted]: [string[], string[]] = [[], []]
    await page.goto(`${weir.url}/${outage}`)
    await page.locator('.top tbody tr').first().waitFor()
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    page.on('requestfailed', (request) => aborted.push(new URL(request.url()).pathname))
    await page.route('**/api/series?*', () => undefined)
    for (const split of ['port', 'protocol', 'host'])
      await page.getByRole('button', { name: split, exact: true }).click()
    await page.locator('.navigation').getByText('Status').click()
    await page.locator('.part').first().waitFor()
    const series = (paths: string[]) => paths.filter((path) => path === '/api/series').length
    await until(() => series(aborted) >= 6)
    assert.deepEqual([series(asked), series(aborted)], [6, 6])
    await page.close()
  })

  test('an older answer does not get a newer query’s label', async () => {
    const { page, thrown } = await open()
    await page.goto(`${weir.url}/?from=2026-11-16T11:20:00Z&to=2026-11-16T11:50:00Z&by=host`)
    await answered(page)
    await page.route('**/api/series?*', absences['nothing answers']!)
    await page.getByRole('button', { name: 'port', exact: true }).click()
    await page.getByText('The data shown is older').waitFor()
    const head = page.getByRole('region', { name: 'Legend' }).locator('th.name').first()
    assert.equal(await head.textContent(), 'host bits per second')
    assert.deepEqual(thrown, [])
    await page.close()
  })

  test('neither does a report, a list of incidents or an explanation', async () => {
    const { page, thrown } = await open()
    const shown = [
      [`/reports${outage}`, '**/api/top?*', 'table.report tbody tr'],
      [`/incidents${outage}`, '**/api/incidents?*', '.incident'],
      [`/${outage}&explain=shown`, '**/api/explain?*', '.sentence'],
    ] as const
    for (const [address, asked, answer] of shown) {
      await page.goto(weir.url + address)
      await page.locator(answer).first().waitFor()
      await page.route(asked, absences['nothing answers']!)
      const later = address.replace('T11:50', 'T11:55')
      await page.evaluate((to) => history.pushState({}, '', to), later)
      await page.evaluate(() => dispatchEvent(new PopStateEvent('popstate')))
      await page.locator('.message.error').first().waitFor()
      assert.equal(await page.locator(answer).count(), 0, address)
      await page.unroute(asked)
      await page.locator(answer).first().waitFor()
    }
    assert.deepEqual(thrown, [])
    await page.close()
  })

  test('a request without an answer is aborted and repeated', async () => {
    const { page, thrown } = await open()
    await page.clock.install()
    await page.route('**/api/**', () => undefined)
    const asked = page.waitForRequest('**/api/series?*')
    await page.goto(`${weir.url}/?from=now-6h&to=now`)
    await asked
    await page.clock.runFor(91_000)
    await page.getByText('Weir does not answer').waitFor()
    await page.unroute('**/api/**')
    await page.clock.runFor(6000)
    await page.getByText('Weir does not answer').waitFor({ state: 'detached' })
    assert.deepEqual(thrown, [])
    await page.close()
  })

  test('a view whose code cannot be fetched is loaded when Weir answers again', async () => {
    const { page } = await open()
    await page.goto(`${weir.url}/?from=now-6h&to=now`)
    await answered(page)
    await page.route('**/*', (route) => route.abort('connectionrefused'))
    await page.locator('.navigation').getByText('Incidents').click()
    await page.getByText('This part of the page could not be loaded').waitFor()
    await page.waitForTimeout(500)
    await page.getByText('This part of the page could not be loaded').waitFor()
    await page.unroute('**/*')
    await page.locator('h1', { hasText: 'Incidents' }).waitFor()
    await page.close()
  })

  test('an explanation whose code is no longer served is shown by the page loaded anew', async () => {
    const { page, thrown } = await open()
    await page.goto(`${weir.url}/${outage}`)
    await answered(page)
    // As after an upgrade: the file of the page that is open is gone.
    let isLoadedAnew = false
    page.on('request', (request) => {
      if (request.isNavigationRequest()) isLoadedAnew = true
    })
    await page.route('**/assets/panel-*.js', (route) =>
      isLoadedAnew ? route.continue() : route.fulfill({ status: 404 }),
    )
    await page.getByRole('button', { name: 'Explain', exact: true }).click()
    await page.getByRole('region', { name: 'Explanation' }).waitFor()
    assert.ok(isLoadedAnew)
    assert.deepEqual(thrown, [])
    await page.close()
  })
})
