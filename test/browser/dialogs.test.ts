/** Every dialog, the log-in, and the pages outside the tour: by keyboard alone, and accessible. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'

import type { NewDashboard } from '../../api/schema/state.ts'
import { scratchFolder } from '../processes.ts'
import { skipWithout } from '../setup/parts.ts'
import { accessFaults, assertAccessible, reachByTab } from './accessible.ts'
import { browsedWeir, BrowsedWeir } from './browsed-weir.ts'
import { answered, painted, shoot } from './opened.ts'

const morning = 'from=2026-11-16T11:20:00Z&to=2026-11-16T11:50:00Z'

const place = { column: 0, row: 0, columns: 12, rows: 4 }
const desk: NewDashboard = {
  id: 'desk',
  title: 'Desk',
  panels: [{ kind: 'clock', title: 'Hour', place }],
}

/** Where each dialog is opened, the text of its button, and its name. */
const dialogs: readonly [path: string, button: string, name: string][] = [
  [`/?${morning}`, 'Help and keys', 'Help'],
  [`/?${morning}`, 'Annotate', 'Annotation'],
  ['/trackers', 'New tracker', 'Tracker'],
  ['/alerts', 'New alert', 'Alert'],
  ['/dashboards/desk', 'Edit Hour', 'Panel'],
]

/** Pages beside those of the tour, with a text that appears in each. */
const pages: readonly [path: string, there: string][] = [
  ['/object/exporter/10.0.0.1', '.graph .canvas:not(.waiting)'],
  ['/object/protocol/udp', '.graph .canvas:not(.waiting)'],
  ['/object/interface/10.0.0.1/1', '.graph'],
  ['/object/all', '.graph .canvas:not(.waiting)'],
  // Each row is looked at: of seconds there would be thousands of cells.
  [`/?${morning}&draw=table&step=300`, 'table.figures tbody tr'],
  [`/?${morning}&draw=lines&by=port&measure=active`, '.legend tbody tr'],
  ['/dashboards', '.part'],
  ['/wall', '.tile'],
  ['/access', '.empty'],
  ['/nowhere', '.message'],
]

describe('dialogs and further pages', { skip: skipWithout('chromium'), timeout: 560_000 }, () => {
  const weir = browsedWeir()
  before(() => weir.addDashboard(desk))

  test('every dialog is opened, used and closed by keyboard, and accessible, dark and light', async () => {
    const { page, complaints } = await weir.open('/')
    for (const [path, button, name] of dialogs) {
      await page.goto(weir.url + path)
      await answered(page)
      if (path.startsWith('/dashboards/')) {
        await reachByTab(page, 'Edit')
        await page.keyboard.press('Enter')
      }
      await reachByTab(page, button)
      await page.keyboard.press('Enter')
      const dialog = page.getByRole('dialog', { name })
      await dialog.waitFor()
      await assertAccessible(page, `dialog-${name}`)
      await page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'hidden' })
    }
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('a changed form stays, with the focus where it was, however often Escape is answered with no', async () => {
    const { page } = await weir.open('/trackers')
    await answered(page)
    let asked = 0
    page.on('dialog', (question) => {
      asked++
      void question.dismiss()
    })
    await page.getByRole('button', { name: 'New tracker' }).click()
    const form = page.getByRole('dialog', { name: 'Tracker' })
    const field = form.getByLabel('Name')
    await field.fill('Not to be lost')
    for (const times of [1, 2, 3, 4]) {
      await page.keyboard.press('Escape')
      await painted(page)
      assert.equal(asked, times)
      assert.ok(await field.evaluate((it) => it === document.activeElement))
    }
    assert.equal(await field.inputValue(), 'Not to be lost')
    await page.close()
  })

  test('further pages are accessible, dark and light', async () => {
    const { page, complaints } = await weir.open('/')
    for (const [path, there] of pages) {
      await page.goto(weir.url + path)
      await answered(page)
      await page.locator(there).first().waitFor()
      await assertAccessible(page, path.replaceAll(/\W+/g, '-'))
    }
    assert.deepEqual(complaints, [])
    await page.close()
  })
})

test(
  'the log-in by keyboard: a wrong password is reported, the right one opens the page',
  { skip: skipWithout('chromium'), timeout: 240_000 },
  async () => {
    const folder = await scratchFolder()
    const password = 'correct horse battery'
    await writeFile(join(folder, 'password'), `${password}\n`)
    await using weir = await BrowsedWeir.start({
      replayed: false,
      environment: { WEIR_AUTH: 'password', WEIR_PASSWORD_FILE: join(folder, 'password') },
    })
    const { page } = await weir.open('/')
    await page.getByRole('button', { name: 'Log in' }).waitFor()
    assert.deepEqual(await accessFaults(page), [])
    await shoot(page, 'login-1366-dark')
    for (const [given, then] of [
      ['wrong horse battery', page.getByRole('alert')],
      [password, page.getByText('log out')],
    ] as const) {
      await page.getByLabel('Name').focus()
      await page.keyboard.press('ControlOrMeta+A')
      await page.keyboard.type('admin')
      await page.keyboard.press('Tab')
      await page.keyboard.press('ControlOrMeta+A')
      await page.keyboard.type(given)
      await page.keyboard.press('Enter')
      await then.waitFor()
    }
  },
)
