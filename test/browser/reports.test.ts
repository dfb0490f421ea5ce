/** Reports on common screens, and the way they are made. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'

import { chromium, type Browser } from 'playwright-core'

import { answered, openPage } from './opened.ts'
import {
  chromiumArguments,
  chromiumPath,
  skipWithoutChromium,
  startWeir,
  type RunningWeir,
} from './weir.ts'

const captures = new URL('../captures/', import.meta.url)
const around = 'from=2026-11-16T11:20:00Z&to=2026-11-16T11:50:00Z'

describe('reports', { skip: skipWithoutChromium(), timeout: 240_000 }, () => {
  let weir: RunningWeir
  let browser: Browser
  before(async () => {
    const names = new URL('monday-outage.names.yaml', captures).pathname
    weir = await startWeir({ replayed: true, environment: { WEIR_NAMES: names } })
    browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArguments })
  })
  after(async () => {
    await browser?.close()
    await weir?.close()
  })

  test('with named hosts no column is cut off at 1366 pixels', async () => {
    const { page } = await openPage(browser, `${weir.url}/reports?${around}&report=pair`)
    await page.getByText('203.0.113.80 → bobby22.bigbiz.local', { exact: true }).waitFor()
    const [room, needed] = await page
      .getByLabel('Report', { exact: true })
      .evaluate((it) => [it.clientWidth, it.scrollWidth])
    assert.ok(needed <= room, `${needed} of ${room} pixels`)
    await page.close()
  })

  test('on paper the query is in words, and unused parts are absent', async () => {
    const asked = `${weir.url}/reports?${around}&report=src`
    const { page } = await openPage(browser, asked, { colorScheme: 'dark' })
    await page.emulateMedia({ media: 'print' })
    await page.locator('table.report tbody tr').first().waitFor()
    for (const name of ['Time range', 'Filter', 'Add a word', 'Name to save this report under'])
      assert.equal(await page.getByLabel(name, { exact: true }).isVisible(), false, name)
    assert.ok(await page.getByLabel('flows that').isVisible())
    await page.goto(`${asked}&filter=port+443`)
    await page.locator('table.report tbody tr').first().waitFor()
    assert.ok(await page.getByLabel('Filter', { exact: true }).isVisible())
    await page.close()
  })

  test('interfaces are listed with their exporter, even if the address or a preset lacks it', async () => {
    for (const [asked, by] of [
      ['by=interface', 'exporter,interface'],
      ['report=as-aggregation', 'exporter,srcas,dstas,in,out'],
    ]) {
      const { page } = await openPage(browser, `${weir.url}/reports?${around}&${asked}`)
      await answered(page)
      const href = await page.getByRole('link', { name: 'JSON' }).getAttribute('href')
      assert.equal(new URLSearchParams(href!.split('?')[1]).get('by'), by)
      const words = page.getByRole('group', { name: 'By' })
      assert.ok(await words.getByRole('button', { name: 'exporter' }).isDisabled())
      await page.close()
    }
  })
})
