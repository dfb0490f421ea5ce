/** What a list of a time lacks is said where somebody reads it: in a report, and in the panels of a dashboard. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { describe, test } from 'node:test'

import type { IncidentsAnswer } from '../../api/schema/explain.ts'
import { folderWith, notListening } from '../api/gap-folder.ts'
import { skipWithout } from '../setup/parts.ts'
import { until } from '../until.ts'
import { BrowsedWeir } from './browsed-weir.ts'
import { emptyPage } from './opened.ts'

const [from, to] = ['2026-11-16T11:30:00Z', '2026-11-16T12:00:00Z']
const gap = /Not everything is known of .*12:35:00 to .*12:45:00 \(Weir was not listening\)/

describe('a time with a gap', { skip: skipWithout('chromium'), timeout: 240_000 }, () => {
  test('is told beside lists and figures', async (t) => {
    const data = await folderWith({ 1: notListening, 2: notListening, 3: { lostFlows: 7 } })
    const folder = { WEIR_DATA: data, WEIR_DNS: 'off' }
    await using weir = await BrowsedWeir.start({ replayed: false, environment: folder })
    t.after(() => rm(data, { recursive: true, force: true }))
    for (const report of ['host', 'flow-times']) {
      const { page } = await weir.open(`/reports?from=${from}&to=${to}&report=${report}`)
      await page.getByText(gap).waitFor()
      await page.getByText('7 flows of this time were lost on the way').waitFor()
      await page.close()
    }
    const { page: listed } = await weir.open(`/incidents?from=${from}&to=${to}`)
    await listed.getByText(gap).waitFor()
    await listed.getByText('No incidents in these 30 min.').waitFor()
    await listed.close()
    const place = { column: 0, row: 0, columns: 6, rows: 4 }
    await weir.addDashboard({
      id: 'gap',
      title: 'Gap',
      panels: [
        { kind: 'top', title: 'Hosts', place, query: { from, to, by: 'host' } },
        { kind: 'incidents', title: 'Incidents', place: { ...place, row: 4 } },
        { kind: 'number', title: 'Sum', statistic: 'total', place: { ...place, column: 6 }, query: { from, to, by: 'direction' } },
      ],
    }) // prettier-ignore
    const page = await emptyPage(weir.browser)
    // Whenever this runs, the panel gets the incidents of this time, and one more.
    await page.route('**/api/dashboards/gap/panels/1?*', async (route) => {
      const response = await fetch(`${weir.url}/api/incidents?from=${from}&to=${to}`)
      const json = (await response.json()) as IncidentsAnswer
      const window = { from: 0, to: 1, seconds: 1, kind: 'surge', ongoing: false }
      const one = {
        id: 'one',
        window,
        sentence: 'It surged.',
      } as IncidentsAnswer['incidents'][number]
      await route.fulfill({ json: { ...json, incidents: [one] } })
    })
    await page.goto(`${weir.url}/dashboards/gap`)
    const incidents = page.getByRole('region', { name: 'Incidents' })
    await incidents.getByText('It surged.').waitFor()
    await incidents.getByText(gap).waitFor()
    await page.getByRole('region', { name: 'Hosts' }).getByText(gap).waitFor()
    await page.getByRole('region', { name: 'Sum' }).getByText('10 min unknown').waitFor()
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    await page.close()
  })

  test('and with a peak in each of its other intervals shows each of them, however narrow the chart is', async (t) => {
    const data = await folderWith({})
    const folder = { WEIR_DATA: data, WEIR_DNS: 'off' }
    await using weir = await BrowsedWeir.start({ replayed: false, environment: folder })
    t.after(() => rm(data, { recursive: true, force: true }))
    const query = { from: '2026-11-16T06:30:00Z', to: '2026-11-16T12:30:00Z', by: 'direction' }
    const place = { column: 1, row: 1, columns: 3, rows: 4 }
    await weir.addDashboard({ title: 'Narrow', panels: [{ kind: 'chart', place, query }] })
    const { page } = await weir.open('/dashboards/narrow')
    // Each flow has a step of 30 seconds, of which there are three or more in a pixel.
    const peaks = () =>
      page.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
        const { width, height } = canvas
        const { data: pixels } = canvas.getContext('2d')!.getImageData(0, 0, width, height)
        const isColoured = (x: number, y: number) => {
          const [red, , blue] = pixels.subarray(4 * (y * width + x))
          return blue! - red! > 60
        }
        const rows = Array.from({ length: height }, (_, y) => y)
        const columns = Array.from({ length: width }, (_, x) => rows.filter((y) => isColoured(x, y)).length) // prettier-ignore
        return columns.filter((count, x) => count > 20 && columns[x - 1]! <= 20).length
      })
    await page.locator('canvas').waitFor()
    await until(async () => (await peaks()) === 6)
    await page.close()
  })

  test('of one exporter leaves what the others report, and is named', async (t) => {
    const lost = { known: 0, unknown: { lost: 1 }, datagrams: 0 }
    const data = await folderWith({ 1: notListening, 3: lost }, { 1: notListening })
    const folder = { WEIR_DATA: data, WEIR_DNS: 'off' }
    await using weir = await BrowsedWeir.start({ replayed: false, environment: folder })
    t.after(() => rm(data, { recursive: true, force: true }))
    const { page } = await weir.open(`/?from=${from}&to=${to}&step=300`)
    await page.getByText('hatched: unknown, of some exporters or of all').waitFor()
    const figures = page.getByRole('table', { name: 'The chart in figures' }).locator('tbody tr')
    const isUnknown = (await figures.allTextContents()).map((row) => row.includes('unknown'))
    assert.deepEqual(isUnknown, [false, true, false, false, false, false])
    await figures.filter({ hasText: ', without 192.0.2.1' }).waitFor({ state: 'attached' })
    await page.getByRole('application').focus()
    for (let step = 0; step < 4; step++) await page.keyboard.press('ArrowRight')
    await page.getByText('in part no data of 192.0.2.1: datagrams were lost').first().waitFor()
    await page.close()
  })
})
