/** Every dialog, the log-in, and the pages outside the tour: by keyboard alone, and accessible. */
import assert from 'node:assert/strict'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'

import { chromium, type Browser, type Page } from 'playwright-core'

import { reachByTab, accessFaults } from './accessible.ts'
import { answered, openPage, painted, shoot } from './opened.ts'
import {
  chromiumArguments,
  chromiumPath,
  skipWithoutChromium,
  startWeir,
  type RunningWeir,
} from './weir.ts'

const morning = 'from=2026-11-16T11:20:00Z&to=2026-11-16T11:50:00Z'

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
  [`/?${morning}&draw=table`, 'table.figures tbody tr'],
  [`/?${morning}&draw=lines&by=port&measure=active`, '.legend tbody tr'],
  ['/dashboards', '.part'],
  ['/wall', '.tile'],
  ['/nowhere', '.message'],
]

describe('dialogs and further pages', { skip: skipWithoutChromium(), timeout: 560_000 }, () => {
  let weir: RunningWeir
  let browser: Browser
  before(async () => {
    weir = await startWeir({ replayed: true })
    const place = { column: 0, row: 0, columns: 12, rows: 4 }
    const desk = { id: 'desk', title: 'Desk', panels: [{ kind: 'clock', title: 'Hour', place }] }
    const headers = { 'content-type': 'application/json' }
    const asked = { method: 'POST', headers, body: JSON.stringify(desk) }
    assert.equal((await fetch(`${weir.url}/api/dashboards`, asked)).status, 201)
    browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArguments })
  })
  after(async () => {
    await browser?.close()
    await weir?.close()
  })

  /** That a page has no faults in both themes, which change as when a user's system goes over to night. */
  async function assertAccessible(page: Page, name: string): Promise<void> {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await painted(page)
      assert.deepEqual(await accessFaults(page), [], `${name} ${colorScheme}`)
      await shoot(page, `${name}-${colorScheme}`)
    }
  }

  test('every dialog is opened, used and closed by keyboard, and accessible, dark and light', async () => {
    const { page, complaints } = await openPage(browser, weir.url)
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

  test('further pages are accessible, dark and light', async () => {
    const { page, complaints } = await openPage(browser, weir.url)
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
  { skip: skipWithoutChromium(), timeout: 240_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'weir-login-'))
    const password = 'correct horse battery'
    await writeFile(join(folder, 'password'), `${password}\n`)
    const weir = await startWeir({
      replayed: false,
      environment: { WEIR_AUTH: 'password', WEIR_PASSWORD_FILE: join(folder, 'password') },
    })
    const browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArguments })
    try {
      const { page } = await openPage(browser, weir.url)
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
    } finally {
      await browser.close()
      await weir.close()
    }
  },
)
