/** Going from the chart to reports and back, or to a host's graphs, keeps the selection of flows. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import { skipWithout } from '../setup/parts.ts'
import { browsedWeir } from './browsed-weir.ts'
import { answered } from './opened.ts'

const minutes = 'from=2026-11-16T11:30:00Z&to=2026-11-16T11:40:00Z'
const shown = `${minutes}&filter=port+443`

describe('the flows shown', { skip: skipWithout('chromium'), timeout: 300_000 }, () => {
  const weir = browsedWeir()

  test('carry over from Explore to Reports and back, and not to the other views', async () => {
    const { page, complaints } = await weir.open(`/?${shown}&by=port`)
    await answered(page)
    const nav = page.getByRole('navigation', { name: 'Views' })
    assert.equal(await nav.getByText('Incidents').getAttribute('href'), '/incidents')
    await nav.getByText('Reports').click()
    await page.locator('table.report tbody tr').first().waitFor()
    assert.equal(new URL(page.url()).search, `?${shown}`)
    await nav.getByText('Explore').click()
    await answered(page)
    assert.equal(new URL(page.url()).search, `?${shown}`)
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('are listed one by one by a link beside the chart', async () => {
    const { page } = await weir.open(`/?${shown}`)
    await answered(page)
    await page.getByRole('link', { name: 'Flows', exact: true }).click()
    await page.getByRole('columnheader', { name: 'duration' }).waitFor()
    assert.equal(new URL(page.url()).search, `?${shown}&report=flow-times`)
    await page.close()
  })

  test('are those of a time typed into the fields of a report', async () => {
    const { page } = await weir.open(`/reports?${shown}&tz=UTC`)
    await page.getByLabel('From').fill('2026-11-16 11:32:10')
    await page.getByLabel('From').press('Enter')
    await page.getByText('Mon 16 Nov 2026 11:32:10 – 11:40:00').waitFor()
    assert.match(page.url(), /\/reports\?from=2026-11-16T11:32:10Z&/)
    await page.getByLabel('To', { exact: true }).fill('tomorow')
    await page.getByLabel('To', { exact: true }).press('Enter')
    await page.getByText('"tomorow" is not a time').waitFor()
    await page.close()
  })

  test('lead from a host in the tables to its graphs', async () => {
    const { page } = await weir.open(`/?${shown}`)
    await page.getByRole('link', { name: 'graphs of 203.0.113.80', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: '203.0.113.80' }).waitFor()
    assert.equal(new URL(page.url()).pathname, '/object/host/203.0.113.80')
    await page.close()
  })
})
