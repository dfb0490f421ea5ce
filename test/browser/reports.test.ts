/** Reports on common screens, and the way they are made. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

import type { FlowsAnswer, TopAnswer } from '../../api/schema/schema.ts'
import { skipWithout } from '../setup/parts.ts'
import { browsedWeir } from './browsed-weir.ts'
import { answered, painted } from './opened.ts'

const names = fileURLToPath(new URL('../captures/monday-outage.names.yaml', import.meta.url))
const around = 'from=2026-11-16T11:20:00Z&to=2026-11-16T11:50:00Z'

describe('reports', { skip: skipWithout('chromium'), timeout: 240_000 }, () => {
  const weir = browsedWeir({ environment: { WEIR_NAMES: names } })

  test('with named hosts no column is cut off at 1280 pixels, and no address stands twice', async () => {
    const viewport = { width: 1280, height: 800 }
    const { page } = await weir.open(`/reports?${around}&report=pair`, { viewport })
    await page.getByText('→ bobby22.bigbiz.local', { exact: true }).first().waitFor()
    const [room, needed] = await page
      .getByLabel('Report', { exact: true })
      .evaluate((it) => [it.clientWidth, it.scrollWidth])
    assert.ok(needed <= room, `${needed} of ${room} pixels`)
    await page.close()
  })

  test('the rest of a list is never 0.0 % of it', async () => {
    const { page } = await weir.open(`/reports?${around}&by=srcport&limit=500`)
    const rest = page.locator('table.report tr.rest')
    await rest.waitFor()
    assert.match((await rest.textContent())!, /<0\.1 %/)
    await page.close()
  })

  for (const report of ['pair', 'src', 'in-out', 'conversation', 'flow-times', 'full'])
    test(`on a phone the names and bytes of the report ${report} are in sight`, async () => {
      const viewport = { width: 390, height: 844 }
      const { page } = await weir.open(`/reports?${around}&report=${report}`, { viewport })
      const bytes = page.locator('table.report th').filter({ hasText: /^bytes/ })
      await bytes.waitFor()
      const column = await bytes.evaluate((it) => (it as HTMLTableCellElement).cellIndex)
      assert.equal(column, 1)
      const cells = page.locator('table.report tbody tr > :is(td:first-child, td:nth-child(2))')
      const room = await page
        .locator('.scrolled')
        .evaluate((it) => it.getBoundingClientRect().right)
      const ends = await cells.evaluateAll((all) =>
        all.map((each) => {
          const text = document.createRange()
          text.selectNodeContents(each)
          return text.getBoundingClientRect().right
        }),
      )
      assert.ok(ends.length > 2 && Math.max(...ends) <= room, `${Math.max(...ends)} of ${room}`)
      await page.close()
    })

  test('on a phone a row’s names and its last figures are in sight together', async () => {
    const viewport = { width: 390, height: 844 }
    const { page } = await weir.open(`/reports?${around}&report=pair`, { viewport })
    const row = page.locator('table.report tbody tr').first()
    await row.waitFor()
    await page.locator('.scrolled').evaluate((it) => (it.scrollLeft = it.scrollWidth))
    await painted(page)
    const sights = await row.locator('td').evaluateAll((cells) =>
      [cells[0]!, cells.at(-1)!].map((cell) => {
        const { left, right, top } = cell.getBoundingClientRect()
        return cell.contains(document.elementFromPoint((left + right) / 2, top + 4))
      }),
    )
    assert.deepEqual(sights, [true, true])
    await page.close()
  })

  test('a list of flows has type and code of ICMP where others have a port', async () => {
    const { page } = await weir.open('/status')
    await page.route('**/api/flows?*', async (route) => {
      const response = await route.fetch()
      const json = (await response.json()) as FlowsAnswer
      Object.assign(json.flows[0]!, { protocol: 'icmp', sourcePort: 0, destinationPort: 0, icmpType: 8, icmpCode: 0 }) // prettier-ignore
      await route.fulfill({ response, json })
    })
    await page.goto(`${weir.url}/reports?${around}&report=flow-times`)
    const row = page.locator('table.report tbody tr').filter({ hasText: 'icmp' }).first()
    const cell = row.getByText('8.0', { exact: true })
    await cell.waitFor()
    assert.equal(await cell.getAttribute('title'), 'ICMP type 8, code 0')
    await page.close()
  })

  test('a saved report is removed after a question', async () => {
    const { page } = await weir.open(`/reports?${around}&report=src`)
    await page.getByLabel('Name to save this report under').fill('who sends')
    await page.getByRole('button', { name: 'save', exact: true }).click()
    const saved = page.getByLabel('Saved reports').locator('option', { hasText: 'who sends' })
    await saved.waitFor({ state: 'attached' })
    const remove = page.getByRole('button', { name: 'remove it' })
    page.once('dialog', (dialog) => void dialog.dismiss())
    await remove.click()
    await page.reload()
    await saved.waitFor({ state: 'attached' })
    page.once('dialog', (dialog) => {
      assert.equal(dialog.message(), 'Remove the report "who sends"?')
      void dialog.accept()
    })
    await remove.click()
    await saved.waitFor({ state: 'detached' })
    await page.close()
  })

  test('on paper the query is in words, and unused parts are absent', async () => {
    const path = `/reports?${around}&report=src`
    const { page } = await weir.open(path)
    await page.emulateMedia({ media: 'print' })
    await page.locator('table.report tbody tr').first().waitFor()
    for (const name of ['Time range', 'Filter', 'Add a word', 'Name to save this report under'])
      assert.equal(await page.getByLabel(name, { exact: true }).isVisible(), false, name)
    assert.ok(await page.getByLabel('flows that').isVisible())
    await page.goto(`${weir.url}${path}&filter=port+443`)
    await page.locator('table.report tbody tr').first().waitFor()
    assert.ok(await page.getByLabel('Filter', { exact: true }).isVisible())
    await page.close()
  })

  test('on paper every column of a list of IPv6 addresses with names stands on the sheet', async () => {
    const { page } = await weir.open('/status', { viewport: { width: 718, height: 1000 } })
    await page.emulateMedia({ media: 'print' })
    const long = { src: '2001:db8:1111:2222:3333:4444:5555:6666', dst: 'fd12:3456:789a:bcde:f012:3456:789a:bcde' } // prettier-ignore
    await page.route('**/api/top?*', async (route) => {
      const response = await route.fetch()
      const json = (await response.json()) as TopAnswer
      for (const row of json.rows) {
        row.key = long
        row.label = `${'database-replica.'.repeat(4)}example.com → ${long.dst}`
      }
      await route.fulfill({ response, json: { ...json, rows: json.rows.slice(0, 3) } })
    })
    await page.goto(`${weir.url}/reports?${around}&by=src,dst`)
    await page.locator('table.report tbody td', { hasText: long.src }).first().waitFor()
    const [room, needed] = await page
      .locator('.scrolled:has(table.report)')
      .evaluate((box) => [box.clientWidth, box.scrollWidth] as const)
    assert.ok(needed <= room, `${needed} of ${room} pixels`)
    await page.close()
  })

  test('interfaces are listed with their exporter, even if the address or a preset lacks it', async () => {
    for (const [asked, by] of [
      ['by=interface', 'exporter,interface'],
      ['report=as-aggregation', 'exporter,srcas,dstas,in,out'],
    ]) {
      const { page } = await weir.open(`/reports?${around}&${asked}`)
      await answered(page)
      const href = await page.getByRole('link', { name: 'JSON' }).getAttribute('href')
      assert.equal(new URLSearchParams(href!.split('?')[1]).get('by'), by)
      const words = page.getByRole('group', { name: 'By' })
      assert.ok(await words.getByRole('button', { name: 'exporter' }).isDisabled())
      await page.close()
    }
  })
})
