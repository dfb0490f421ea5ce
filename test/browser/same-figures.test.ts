/** An event has the same figures everywhere: times, their zone, bytes, on the screen, in files, on paper. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'

import type { Page } from 'playwright-core'

import type { SeriesAnswer, TopAnswer } from '../../api/schema/schema.ts'
import { rateCounted } from '../../flow/spread.ts'
import { formatWithUnit } from '../../flow/units.ts'
import { skipWithout } from '../setup/parts.ts'
import { browsedWeir } from './browsed-weir.ts'
import { answered, painted } from './opened.ts'

const around = 'from=2026-11-16T11:30:00Z&to=2026-11-16T11:38:40Z'
const explain = 'explain=2026-11-16T11:32:09Z/2026-11-16T11:36:32Z'

describe('figures that are the same', { skip: skipWithout('chromium'), timeout: 240_000 }, () => {
  const weir = browsedWeir()

  test('the peer has the same bytes on the page and in the report', async () => {
    const { page } = await weir.open(`/?${around}&${explain}`)
    const shown = page.locator('[aria-label="With whom"] tbody tr')
    await shown.first().waitFor()
    await page.getByText('bytes received', { exact: true }).waitFor()
    const onPage = await shown.evaluateAll((rows) =>
      rows.map((row) => [
        row.querySelector('th')!.textContent.trim(),
        row.querySelector('td')!.title.replace(' bytes', ''),
      ]),
    )
    const href = await page.getByRole('link', { name: 'Print' }).getAttribute('href')
    await page.goto(weir.url + href!)
    const printed = await page
      .locator('table', { hasText: 'Bytes received' })
      .locator('tbody tr')
      .evaluateAll((rows) =>
        rows.map((row) => {
          const cells = [...row.querySelectorAll('td')].map((cell) => cell.textContent.trim())
          return [cells[0]!, /\((.*)\)/.exec(cells.at(-1)!)![1]!]
        }),
      )
    assert.ok(printed.length > 3)
    assert.deepEqual(onPage.slice(0, printed.length), printed)
    await page.close()
  })

  test('bars are as long as their figures say, on the wall and in the tables', async () => {
    const [from, to] = ['2026-11-16T11:20:00Z', '2026-11-16T11:50:00Z']
    const place = { column: 0, row: 0, columns: 4, rows: 4 }
    const query = { from, to, by: 'host', limit: '6' }
    await weir.addDashboard({ id: 'bars', title: 'Bars', panels: [{ kind: 'top', title: 'Top', place, query }] }) // prettier-ignore
    const { page } = await weir.open('/wall/bars')
    const rows = page.locator('.tile-top tr')
    await rows.nth(5).waitFor()
    const drawn = await rows.evaluateAll((all) =>
      all.map((row) => [
        parseFloat(row.querySelector('td')!.textContent) *
          (row.textContent.includes(' GB') ? 1000 : 1),
        row.querySelector('i')!.getBoundingClientRect().width,
      ]),
    )
    const [most, longest] = drawn[0] as [number, number]
    for (const [bytes, width] of drawn as [number, number][])
      assert.ok(Math.abs(width - Math.max(1, (longest * bytes) / most)) < 0.5, `${bytes}: ${width} of ${longest}`) // prettier-ignore
    await page.setViewportSize({ width: 390, height: 844 })
    await page.goto(`${weir.url}/?from=${from}&to=${to}`)
    const share = page.locator('.top tr', { hasText: '443/tcp' }).locator('.share')
    await share.filter({ hasText: '87.8 %' }).waitFor()
    const rest = await share.evaluate((cell) => {
      const bar = cell.querySelector('i')!
      return cell.getBoundingClientRect().right - 8 - bar.getBoundingClientRect().right
    })
    assert.ok(rest > 4, `${rest} pixels for the other 12 %`)
    await page.close()
  })

  test('the chosen zone applies in every view, and in saved files', async () => {
    const { page } = await weir.open(`/?${around}&by=direction&tz=UTC`)
    await answered(page)
    const [heading, ...lines] = (await csvOf(page)).split('\r\n')
    assert.equal(heading, 'time,in in (b/s),out out (b/s)')
    assert.match(lines[0]!, /^2026-11-16T11:30:00\.000Z,/)
    await page.getByRole('link', { name: 'Incidents' }).click()
    await page.getByText(/ · UTC$/).waitFor()
    for (const view of ['Exporters', 'Status', 'Incidents']) {
      await page.getByRole('link', { name: view, exact: true }).click()
      await page.locator('.page-head', { hasText: 'UTC' }).waitFor()
    }
    await page.getByText('16 November 2026, 11:32:09: traffic through').click()
    await page.locator('.sentence', { hasText: '11:32:09' }).waitFor()
    assert.equal(new URL(page.url()).searchParams.get('tz'), 'UTC')
    await page.close()
  })

  test('a dashboard’s chart by host has all traffic, as Explore has', async () => {
    const query = { from: '2026-11-16T11:00:00Z', to: '2026-11-16T11:30:00Z', by: 'host,direction', top: '24', step: '300' } // prettier-ignore
    const place = { column: 0, row: 0, columns: 12, rows: 6 }
    const panels = [{ kind: 'chart' as const, title: 'By host', place, query }]
    await weir.addDashboard({ id: 'hosts', title: 'Hosts', panels })
    const { page, complaints } = await weir.open('/dashboards/hosts')
    const chart = page.getByRole('img', { name: 'By host' })
    await chart.locator('.canvas:not(.waiting)').waitFor()
    await painted(page)
    await chart.focus()
    await chart.press('ArrowLeft')
    const said = await chart.locator('[aria-live]').filter({ hasText: 'received' }).innerText()
    const totals = `${weir.url}/api/series?from=${query.from}&to=${query.to}&step=300&by=direction`
    const { series } = (await (await fetch(totals)).json()) as SeriesAnswer
    const [inward, outward] = ['in', 'out'].map((direction) => {
      const { values } = series.find(({ key }) => key?.['direction'] === direction)!
      return formatWithUnit(values.at(-1)!, 'b/s')
    })
    assert.ok(said.includes(`received ${inward},`), said)
    assert.ok(said.includes(`sent ${outward},`), said)
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('in the settings’ zone the files use its clock too', async () => {
    const { page } = await weir.open(`/?${around}&by=direction`)
    await answered(page)
    const [, first] = (await csvOf(page)).split('\r\n')
    assert.match(first!, /^2026-11-16T12:30:00\.000\+01:00,/)
    await page.goto(`${weir.url}/reports?${around}&report=full`)
    const row = page.locator('table.report tbody tr').first()
    const onPage = /12:\d\d:\d\d\.\d{3}/.exec((await row.textContent())!)![0]
    const href = await page.getByRole('link', { name: 'CSV' }).getAttribute('href')
    const text = await (await fetch(weir.url + href!)).text()
    assert.ok(text.split('\r\n')[1]!.includes(`T${onPage}+01:00`), `${onPage} is not in ${text}`)
    await page.close()
  })

  test('a report by rate shows the rates by which it is ordered', async () => {
    const { page } = await weir.open(`/reports?${around}&report=pair&order=rate&limit=25`)
    await page.locator('table.report tbody tr').first().waitFor()
    const heads = await page.locator('table.report thead th').allInnerTexts()
    const column = heads.findIndex((head) => head.startsWith('rate')) + 1
    const shown = await page.locator(`table.report tbody tr > :nth-child(${column})`).allInnerTexts() // prettier-ignore
    const asked = `${weir.url}/api/top?${around}&by=src,dst&order=rate&limit=25`
    const answer = (await (await fetch(asked)).json()) as TopAnswer
    const { rows } = answer
    const rates = rows.map((row) => rateCounted(row.bytes * 8, row, answer))
    assert.ok(rows.some((row) => row.last - row.first < 1))
    assert.deepEqual(shown, rates.map((rate) => formatWithUnit(rate, 'b/s'))) // prettier-ignore
    await page.close()
  })

  test('the culprit at a second has received and sent that much', async () => {
    const { page } = await weir.open(`/?${around}`)
    await answered(page)
    await painted(page)
    const over = (await page.locator('.chart .u-over').boundingBox())!
    await page.mouse.move(over.x + over.width / 2, over.y + 60)
    const who = page.locator('.card .who')
    await who.getByText('received and sent').waitFor()
    const second = /at (\d\d:\d\d:\d\d)/.exec((await who.textContent())!)![1]!
    const from = Date.parse(`2026-11-16T${second}+01:00`) / 1000
    const { rows } = (await (
      await fetch(`${weir.url}/api/top?from=${from}&to=${from + 1}&by=host&limit=2`)
    ).json()) as { rows: { bytes: number }[] }
    await who.getByText(formatWithUnit(rows[0]!.bytes * 8, 'b/s')).waitFor()
    await page.close()
  })
})

/** The CSV file that the page offers. */
async function csvOf(page: Page): Promise<string> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByLabel('Keep or share').selectOption('csv'),
  ])
  return readFile(await download.path(), 'utf8')
}
