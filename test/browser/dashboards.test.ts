/** Dashboards at the desk and on the wall, while they turn and while others change them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Panel } from '../../api/schema/state.ts'
import type { SeriesAnswer } from '../../api/schema/schema.ts'
import { formatWithUnit } from '../../flow/units.ts'
import { skipWithout } from '../setup/parts.ts'
import { browsedWeir } from './browsed-weir.ts'

const place: Panel['place'] = { column: 0, row: 0, columns: 6, rows: 3 }
const range = { from: '2026-11-16T11:20:00Z', to: '2026-11-16T11:50:00Z' }
const clock: Panel = { kind: 'clock', place }

describe('dashboards', { skip: skipWithout('chromium'), timeout: 560_000 }, () => {
  const weir = browsedWeir()

  test('a wall comes back to its own dashboard from those that it rotates with', async () => {
    await weir.addDashboard({ id: 'second', title: 'Second', panels: [clock] })
    const rotation = { seconds: 5, dashboards: ['second'] }
    await weir.addDashboard({ id: 'first', title: 'First', panels: [clock], rotation })
    const { page } = await weir.open('/wall/first')
    for (const title of ['First', 'Second', 'First', 'Second'])
      await page.getByRole('heading', { name: title, exact: true }).waitFor()
    await page.close()
  })

  test('a greatest figure is that of all traffic, as the API has it, and whole in a narrow panel', async () => {
    const narrow = { ...place, columns: 2 }
    const query = { ...range, by: 'direction' }
    await weir.addDashboard({
      id: 'figures',
      title: 'Figures',
      panels: [
        { kind: 'number', title: 'Greatest', statistic: 'maximum', place: narrow, query },
        { kind: 'number', title: 'Opened', statistic: 'total', place: { ...narrow, column: 2 }, query: { ...query, measure: 'connections' } },
      ],
    }) // prettier-ignore
    const { from, to } = range
    const asked = await fetch(`${weir.url}/api/series?from=${from}&to=${to}`)
    const { series } = (await asked.json()) as SeriesAnswer
    const greatest = formatWithUnit(series[0]!.summary.maximum!, 'b/s')
    const { page } = await weir.open('/dashboards/figures')
    await page.getByRole('region', { name: 'Greatest' }).getByText(greatest).waitFor()
    const opened = page.getByRole('region', { name: 'Opened' })
    await opened.getByText(/connections$/).waitFor()
    const cut = await opened.locator('.figure').evaluate((element) => {
      return element.scrollWidth - element.clientWidth
    })
    assert.equal(cut, 0)
    await page.close()
  })
})
