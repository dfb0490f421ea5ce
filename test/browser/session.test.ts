/** A session that ends while a dashboard is edited: the unsaved changes wait for their user. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

import type { Page } from 'playwright-core'

import { scratchFolder } from '../processes.ts'
import { skipWithout } from '../setup/parts.ts'
import { BrowsedWeir } from './browsed-weir.ts'

const password = 'a password for sessions'

test(
  'unsaved changes outlast their session, for their own user and nobody else',
  { skip: skipWithout('chromium'), timeout: 240_000 },
  async () => {
    const folder = await scratchFolder()
    await writeFile(join(folder, 'password'), `${password}\n`, { mode: 0o600 })
    await using weir = await BrowsedWeir.start({
      replayed: false,
      environment: { WEIR_AUTH: 'password', WEIR_PASSWORD_FILE: join(folder, 'password') },
    })
    const page = await weir.browser.newPage()
    const title = page.getByLabel('Title', { exact: true })
    await page.goto(`${weir.url}/dashboards`)
    await logIn(page, 'admin')
    await request(page, '/api/users', { user: 'bob', password, role: 'viewer' })
    await page.getByRole('button', { name: 'New dashboard' }).click()
    await page.getByRole('button', { name: 'Edit' }).click()
    await title.fill('Not saved yet')
    await endSession(page)
    await logIn(page, 'admin')
    assert.equal(await title.inputValue(), 'Not saved yet')
    await page.getByRole('button', { name: 'Keep' }).click()
    await page.getByRole('button', { name: 'Done' }).waitFor()

    await title.fill('Seen by nobody else')
    await endSession(page)
    await logIn(page, 'bob')
    await page.getByRole('heading', { name: 'Not saved yet' }).waitFor()
    assert.equal(await title.count(), 0)

    await request(page, '/api/logout')
    await page.reload()
    await logIn(page, 'admin')
    await page.getByRole('button', { name: 'Edit' }).click()
    await title.fill('Given up')
    page.once('dialog', (dialog) => void dialog.dismiss())
    await page.getByRole('button', { name: 'log out' }).click()
    assert.equal(await title.inputValue(), 'Given up')
    page.once('dialog', (dialog) => void dialog.accept())
    await page.getByRole('button', { name: 'log out' }).click()
    await page.getByLabel('Password').waitFor()
    assert.equal(await title.count(), 0)
  },
)

async function logIn(page: Page, user: string): Promise<void> {
  await page.getByLabel('Name', { exact: true }).fill(user)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByLabel('Password').waitFor({ state: 'detached' })
}

/** Ends the session behind the page's back, which notices when it saves, or before that when it asks for the status. */
async function endSession(page: Page): Promise<void> {
  await request(page, '/api/logout')
  await page.getByRole('button', { name: 'Keep', includeHidden: true }).dispatchEvent('click')
  await page.getByLabel('Password').waitFor()
}

/** Sends a request with the page's session, behind its back. */
async function request(page: Page, path: string, data: object = {}): Promise<void> {
  const headers = { origin: new URL(page.url()).origin }
  const response = await page.request.post(new URL(path, page.url()).href, { data, headers })
  assert.ok(response.ok(), await response.text())
}
