/** A tour of every view by keyboard alone: without errors, and accessible. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'

import type { Page } from 'playwright-core'

import type { NewDashboard } from '../../api/schema/state.ts'
import { skipWithout } from '../setup/parts.ts'
import { accessFaults } from './accessible.ts'
import { browsedWeir } from './browsed-weir.ts'
import { answered, painted, shoot } from './opened.ts'

const morning = 'from=2026-11-16T11:20:00Z&to=2026-11-16T11:50:00Z'
const range = { from: '2026-11-16T11:20:00Z', to: '2026-11-16T11:50:00Z' }

/** Each view, with a text that appears once it has its answers. */
const views: readonly [name: string, address: string, there: string][] = [
  ['explore', `/?${morning}&explain=shown&p95=on`, '.sentence'],
  ['incidents', '/incidents?from=2026-11-01&to=2026-12-01', '.incident'],
  ['exporters', '/exporters', '.exporter'],
  ['reports', `/reports?${morning}`, 'table.report tbody tr'],
  ['flows', `/reports?${morning}&report=full&limit=25`, 'table.report tbody tr'],
  ['trackers', '/trackers', '.page-head'],
  ['boards', '/dashboards', '.part h2'],
  ['dashboards', '/dashboards/lobby', '.tile .canvas:not(.waiting)'],
  ['alerts', '/alerts', '.page-head'],
  ['status', '/status', '.part'],
  ['host', '/object/host/10.0.0.22', '.graph .canvas:not(.waiting)'],
  ['port', '/object/port/tcp/443', '.graph .canvas:not(.waiting)'],
  ['wall', '/wall/lobby', '.tile .canvas:not(.waiting)'],
]

const lobby: NewDashboard = {
  id: 'lobby',
  title: 'Lobby',
  panels: [
    { kind: 'chart', title: 'By host', place: { column: 0, row: 0, columns: 9, rows: 5 }, query: { ...range, by: 'host,direction', top: '24', points: '400' } },
    { kind: 'number', title: 'Greatest', place: { column: 9, row: 0, columns: 3, rows: 2 }, statistic: 'maximum', query: { ...range, by: 'direction' } },
    { kind: 'clock', place: { column: 9, row: 2, columns: 3, rows: 2 }, tz: 'UTC' },
    { kind: 'incidents', title: 'Incidents', place: { column: 0, row: 5, columns: 9, rows: 2 } },
    { kind: 'top', title: 'Top hosts', place: { column: 9, row: 4, columns: 3, rows: 5 }, query: { ...range, by: 'host', limit: '7' } },
    { kind: 'chart', title: 'By port', style: 'lines', threshold: 6e7, place: { column: 0, row: 7, columns: 9, rows: 3 }, query: { ...range, by: 'port,direction', points: '300' } },
  ],
} // prettier-ignore

describe('a tour of the page', { skip: skipWithout('chromium'), timeout: 560_000 }, () => {
  const weir = browsedWeir()
  before(() => weir.addDashboard(lobby))

  test('every view of the navigation is reached by Tab and Enter alone', async () => {
    const { page, complaints } = await weir.open(`/?${morning}`)
    await answered(page)
    const names = await page.locator('.navigation nav a').allTextContents()
    assert.ok(names.length >= 7, names.join())
    for (const name of names) {
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
      await reach(page, name)
      await page.keyboard.press('Enter')
      await page.locator('.navigation a[aria-current="page"]', { hasText: name }).waitFor()
      await answered(page)
    }
    await page.goBack()
    await page.locator('.navigation a[aria-current="page"]', { hasText: names.at(-2)! }).waitFor()
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('a tracker and an alert are created by their forms, changed, and removed', async () => {
    const { page, complaints } = await weir.open('/trackers')
    await answered(page)
    page.on('dialog', (dialog) => void dialog.accept())
    await page.getByRole('button', { name: 'New tracker' }).click()
    const form = page.getByRole('dialog')
    await form.getByLabel('Name').fill('files <b>')
    await form.getByLabel('Filter').fill('dst net 203.0.113.0/24')
    await form.getByLabel('From').fill('16.11.2026')
    await form.getByRole('button', { name: 'Keep' }).click()
    await form.getByText('"16.11.2026" is not a time').waitFor()
    await form.getByLabel('From').fill('')
    await form.getByRole('button', { name: 'Keep' }).click()
    await page.locator('.tracker').getByText('files <b>').waitFor()
    await shoot(page, 'tracker-1366-dark')

    await page.goto(`${weir.url}/alerts`)
    await answered(page)
    await page.getByRole('button', { name: 'New alert' }).click()
    await form.getByLabel('Name').fill('too much')
    await form.getByLabel('Tell of').selectOption('tracker')
    const label = form.locator('label', { hasText: /^Tracker/ })
    await label.locator('select').selectOption({ label: 'files <b>' })
    await form.getByLabel('Value, in bits per second, such as 100M').fill('40M')
    await shoot(page, 'alert-form-1366-dark')
    await form.getByRole('button', { name: 'Keep' }).click()
    await page.locator('.tracker').getByText('above 40.00 Mb/s').waitFor()
    await shoot(page, 'alert-1366-dark')
    await page.getByRole('button', { name: 'Remove' }).click()
    await page.getByText('No alerts yet').waitFor()

    await page.goto(`${weir.url}/trackers`)
    await page.getByRole('button', { name: 'Remove' }).click()
    await page.getByText('No trackers yet').waitFor()
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('no serious accessibility faults, dark and light; every view fits 390, 1366 and 1920 pixels', async () => {
    const sizes: [number, number][] = [
      [1366, 768],
      [1920, 1080],
      [390, 844],
    ]
    const { page, complaints } = await weir.open('/')
    for (const [name, address, there] of views) {
      await page.setViewportSize({ width: sizes[0]![0], height: sizes[0]![1] })
      await page.goto(weir.url + address)
      await answered(page)
      await page.locator(there).first().waitFor()
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme })
        await painted(page)
        assert.deepEqual(await accessFaults(page), [], `${name} ${colorScheme}`)
      }
      for (const [width, height] of name === 'wall' ? [] : sizes) {
        const colorScheme = (width + name.length) % 2 === 0 ? 'dark' : 'light'
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize({ width, height })
        await painted(page)
        await answered(page)
        const wide = await page.evaluate(() => document.documentElement.scrollWidth)
        await shoot(page, `${name}-${width}-${colorScheme}`)
        assert.ok(wide <= width, `${name}: ${wide} of ${width} pixels`)
      }
    }
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('the wall fills 1080p and 4K', async () => {
    const { page, complaints } = await weir.open('/wall/lobby')
    for (const [width, height] of [
      [1920, 1080],
      [3840, 2160],
    ] as const) {
      await page.setViewportSize({ width, height })
      await page.locator('.tile .canvas:not(.waiting)').nth(1).waitFor()
      await painted(page)
      const letters = await page.evaluate(() =>
        parseFloat(getComputedStyle(document.querySelector('.wall')!).fontSize),
      )
      // The share of the screen's height that is readable from five metres on a screen one metre
      // high.
      assert.ok(letters / height >= 0.018, `letters of ${letters} pixels on ${height}`)
      const high = await page.evaluate(() => document.documentElement.scrollHeight)
      assert.ok(high <= height, `${high} of ${height} pixels`)
      await shoot(page, `wall-${height}`)
    }
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('the wall recovers by itself after the API was away, and says so in the meantime', async () => {
    const { page } = await weir.open('/wall/lobby')
    await page.locator('.tile .canvas:not(.waiting)').first().waitFor()
    await page.context().setOffline(true)
    await page.getByText('Weir has not answered since').waitFor({ timeout: 60_000 })
    await page.context().setOffline(false)
    await page
      .getByText('Weir has not answered since')
      .waitFor({ state: 'detached', timeout: 90_000 })
    await page.close()
  })
})

/** Presses Tab until a link of the navigation has the focus. */
async function reach(page: Page, name: string): Promise<void> {
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press('Tab')
    const at = await page.evaluate(() => document.activeElement?.textContent ?? '')
    if (at === name) return
  }
  assert.fail(`Tab does not reach ${name}`)
}
