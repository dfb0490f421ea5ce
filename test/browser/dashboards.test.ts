/** Dashboards at the desk and on the wall, while they turn and while others change them. */
import { describe, test } from 'node:test'

import type { Panel } from '../../api/schema/state.ts'
import { skipWithout } from '../setup/parts.ts'
import { browsedWeir } from './browsed-weir.ts'

const place: Panel['place'] = { column: 0, row: 0, columns: 6, rows: 3 }
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
})
