/** Names as long as DNS and SNMP allow: nothing beside them is pushed out of sight. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { Locator, Page } from 'playwright-core'

import type { SeriesAnswer, TopAnswer } from '../../api/schema/schema.ts'
import type { ExportersAnswer } from '../../api/schema/status.ts'
import { skipWithout } from '../setup/parts.ts'
import { until } from '../until.ts'
import { BrowsedWeir } from './browsed-weir.ts'
import { answered, openPage, painted } from './opened.ts'

const around = '?from=2026-11-16T11:20:00Z&to=2026-11-16T11:50:00Z'
const long = `${'very-long-label.'.repeat(14)}example.org`

/** Changes each exporter of the answers that the page gets. */
async function changeExporters(
  page: Page,
  change: (exporter: ExportersAnswer['exporters'][number]) => void,
): Promise<void> {
  await page.route('**/api/exporters', async (route) => {
    const response = await route.fetch()
    const json = (await response.json()) as ExportersAnswer
    json.exporters.forEach(change)
    await route.fulfill({ response, json })
  })
}

test(
  'the card and the table of interfaces hold names of 235 letters',
  { skip: skipWithout('chromium'), timeout: 240_000 },
  async () => {
    await using weir = await BrowsedWeir.start()
    const { page, complaints } = await openPage(weir.browser, 'about:blank')
    await page.route('**/api/series?*', async (route) => {
      const response = await route.fetch()
      const json = (await response.json()) as SeriesAnswer
      for (const entry of json.series) entry.label = long
      await route.fulfill({ response, json })
    })
    await changeExporters(page, (exporter) => {
      exporter.interfaces = [{ index: 3, name: long, alias: long, speed: 4e11 }]
    })
    await page.goto(`${weir.url}/${around}`)
    await answered(page)
    await painted(page)
    const box = await page.locator('.u-over').boundingBox()
    await page.mouse.move(box!.x + box!.width / 2, box!.y + 60)
    await page.locator('.card tbody td', { hasText: 'very-long' }).first().waitFor()
    await isWhole(page.locator('.card'))
    for (const name of await page.locator('.card td', { hasText: /org$/ }).all())
      await isWhole(name)

    await page.goto(`${weir.url}/exporters`)
    await page.getByText('400.00 Gb/s').waitFor()
    await isWhole(page.getByRole('region', { name: 'Interfaces' }))
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    assert.deepEqual(complaints, [])
  },
)

test(
  'on a phone the names of interfaces are not broken letter by letter',
  { skip: skipWithout('chromium'), timeout: 240_000 },
  async () => {
    await using weir = await BrowsedWeir.start()
    const { page, complaints } = await openPage(weir.browser, 'about:blank', {
      viewport: { width: 390, height: 844 },
    })
    const named = { index: 536870912, name: 'GigabitEthernet0/0/1', speed: 4e11 }
    await changeExporters(page, (exporter) => {
      exporter.interfaces = [{ ...named, alias: 'to the provider, by way of the second floor' }]
    })
    await page.goto(`${weir.url}/exporters`)
    const name = page.getByRole('link', { name: 'GigabitEthernet0/0/1' })
    const lines = await name.evaluate((link) => link.getClientRects().length)
    assert.ok(lines <= 2, `the name stands on ${lines} lines`)
    await isWhole(page.locator('html'))
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    assert.deepEqual(complaints, [])
  },
)

for (const width of [390, 1366])
  test(
    `at ${width} pixels the legend and the top tables show long names whole, and nothing covers them`,
    { skip: skipWithout('chromium'), timeout: 240_000 },
    async () => {
      await using weir = await BrowsedWeir.start()
      const viewport = { width, height: 844 }
      const { page, complaints } = await openPage(weir.browser, 'about:blank', { viewport })
      const address = '2001:db8:85a3:8d3:1319:8a2e:370:7348'
      const router = 'second-border-router.noc.a-rather-long-company-name.example.com'
      await page.route('**/api/series?*', async (route) => {
        const response = await route.fetch()
        const json = (await response.json()) as SeriesAnswer
        for (const [i, entry] of json.series.entries()) entry.label = `${router} interface ${i}`
        await route.fulfill({ response, json })
      })
      await page.route('**/api/top?*', async (route) => {
        const response = await route.fetch()
        const json = (await response.json()) as TopAnswer
        for (const row of json.rows) row.label = `${router} (${address})`
        await route.fulfill({ response, json })
      })
      await page.goto(`${weir.url}/${around}`)
      await page.locator('.top tbody th', { hasText: address }).first().waitFor()
      await answered(page)
      await painted(page)
      const names = page.locator('.legend .row-label, .top tbody th, .top tbody th button')
      for (const name of await names.all()) await isWhole(name)
      await isWhole(page.locator('html'))
      const covered = await page.locator('.legend tbody tr').evaluateAll((rows) =>
        rows.some((row) => {
          const [name, ...figures] = [...row.children].map((cell) => cell.getBoundingClientRect())
          const label = row.querySelector('.row-label')!.getBoundingClientRect()
          const next = row.nextElementSibling?.getBoundingClientRect()
          return (
            figures.some(
              ({ top, left, width }) => width > 0 && left < label.right && top < label.bottom,
            ) ||
            label.bottom > name!.bottom + 1 ||
            (next !== undefined && label.bottom > next.top + 1)
          )
        }),
      )
      assert.equal(covered, false, 'a name lies on figures or on the next row')
      await page.unrouteAll({ behavior: 'ignoreErrors' })
      assert.deepEqual(complaints, [])
    },
  )

test(
  'on a phone the fields of a range show times with their offsets whole',
  { skip: skipWithout('chromium'), timeout: 240_000 },
  async () => {
    await using weir = await BrowsedWeir.start({ replayed: false })
    const range = 'from=2026-10-25T00:30:10Z&to=2026-10-25T01:30:10Z&tz=Europe/Brussels'
    const viewport = { width: 390, height: 844 }
    const { page } = await weir.open(`/reports?${range}`, { viewport })
    await answered(page)
    const fields = await page.locator('.range input').all()
    assert.equal(await fields[1]!.inputValue(), '2026-10-25 02:30:10 +01:00')
    for (const field of fields) await isWhole(field)
    await isWhole(page.locator('html'))
  },
)

test(
  'on a phone an exporter with an IPv6 address keeps its name on few lines',
  { skip: skipWithout('chromium'), timeout: 240_000 },
  async () => {
    await using weir = await BrowsedWeir.start()
    const { page, complaints } = await openPage(weir.browser, 'about:blank', {
      viewport: { width: 390, height: 844 },
    })
    await changeExporters(page, (exporter) => {
      exporter.name = 'second-border-router.noc.a-rather-long-company-name.example.com'
      exporter.address = 'fd00:1234:5678:9abc:def0:1234:5678:9abc'
    })
    await page.goto(`${weir.url}/exporters`)
    const name = page.locator('.exporter-head h2 a')
    const lines = await name.evaluate((link) => link.getClientRects().length)
    assert.ok(lines <= 3, `the name stands on ${lines} lines`)
    await isWhole(page.locator('html'))
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    assert.deepEqual(complaints, [])
  },
)

test(
  'on an upright wall the names of a top list are shown completely, and each figure too, however long a name is',
  { skip: skipWithout('chromium'), timeout: 240_000 },
  async () => {
    await using weir = await BrowsedWeir.start()
    const query = { from: '2026-11-16T11:20:00Z', to: '2026-11-16T11:50:00Z', by: 'host' }
    const place = { column: 9, row: 0, columns: 3, rows: 5 }
    await weir.addDashboard({
      id: 'upright',
      title: 'Upright',
      panels: [
        { kind: 'top', title: 'Top hosts', place, query: { ...query, limit: '7' } },
        { kind: 'top', title: 'Pairs', place: { ...place, row: 5 }, query: { ...query, by: 'pair', limit: '6' } },
      ],
    }) // prettier-ignore
    const viewport = { width: 1080, height: 1920 }
    const { page } = await weir.open('/wall/upright', { viewport })
    const lists = page.locator('.tile', { has: page.locator('.tile-top th') })
    await until(async () => (await lists.count()) === 2)
    for (const name of await lists.locator('th').all()) await isWhole(name)
    for (const list of await lists.all()) await isWhole(list.locator('.tile-top'))
    const ends = await page
      .locator('.tile-top td:not(.share)')
      .evaluateAll((all) => all.map((td) => td.getBoundingClientRect().right))
    assert.ok(ends.length > 10 && Math.max(...ends) <= viewport.width, ends.join())
  },
)

/** Its contents do not extend beyond it. */
async function isWhole(box: Locator): Promise<void> {
  const [room, needed] = await box.evaluate((it) => [it.clientWidth, it.scrollWidth] as const)
  assert.ok(needed <= room, `${needed} of ${room} pixels`)
}
