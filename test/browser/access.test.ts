/** Users, tokens and one’s own password on the page: an admin needs no command line for them. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import type { Page } from 'playwright-core'

import { scratchFolder } from '../processes.ts'
import { skipWithout } from '../setup/parts.ts'
import { assertAccessible } from './accessible.ts'
import { browsedWeir } from './browsed-weir.ts'

const adminPassword = 'a password for admins'
const firstPassword = 'her first password'

describe('access on the page', { skip: skipWithout('chromium'), timeout: 240_000 }, () => {
  const weir = browsedWeir(async () => {
    const folder = await scratchFolder()
    await writeFile(join(folder, 'password'), `${adminPassword}\n`, { mode: 0o600 })
    const environment = { WEIR_AUTH: 'password', WEIR_PASSWORD_FILE: join(folder, 'password') }
    return { environment, replayed: false }
  })

  /** A page of its own session. */
  async function open(user: string, password: string): Promise<Page> {
    const context = await weir.browser.newContext()
    const page = await context.newPage()
    await page.goto(weir.url)
    await logIn(page, user, password)
    await page.getByRole('link', { name: user, exact: true }).click()
    await page.getByText(`you are ${user}, `).waitFor()
    return page
  }

  test('an admin makes, changes and removes users, who change their own passwords', async () => {
    const admin = await open('admin', adminPassword)
    await admin.getByText('WEIR_PASSWORD_FILE names: change it there').waitFor()
    assert.equal(await admin.getByLabel('Current password').count(), 0)
    const own = admin.locator('article', { hasText: 'with the password in WEIR_PASSWORD_FILE' })
    await own.getByText('1 open session').waitFor()
    assert.deepEqual(await own.getByRole('button').allInnerTexts(), ['Log out'])
    await admin.getByRole('button', { name: 'New user' }).click()
    const form = admin.getByRole('dialog', { name: 'User' })
    await form.getByLabel('Name').fill('Ann')
    await form.getByLabel('Password').fill(firstPassword)
    await form.getByRole('button', { name: 'Keep' }).click()
    await form.getByText('"Ann" is not a name of a user').waitFor()
    await form.getByLabel('Name').fill('ann')
    await assertAccessible(admin, 'user-form')
    await form.getByRole('button', { name: 'Keep' }).click()
    const item = admin.locator('article', { has: admin.getByRole('heading', { name: 'ann' }) })
    await item.getByText('not logged in').waitFor()

    const ann = await open('ann', firstPassword)
    assert.equal(await ann.getByRole('region', { name: 'Users' }).count(), 0)
    assert.equal(await ann.getByRole('button', { name: 'New user' }).count(), 0)
    await changeOwn(ann, 'a wrong password', 'her second password')
    await ann.getByRole('alert').getByText('user or password is wrong').waitFor()
    assert.equal(await ann.getByRole('button', { name: 'Log in' }).count(), 0)
    await changeOwn(ann, firstPassword, 'her second password')
    await ann.getByText('It is changed.').waitFor()

    await admin.reload()
    await item.getByText('1 open session').waitFor()
    await assertAccessible(admin, 'access')
    await item.getByRole('button', { name: 'Log out' }).click()
    await item.getByText('not logged in').waitFor()
    await ann.reload()
    await logIn(ann, 'ann', 'her second password')

    await item.getByRole('button', { name: 'Change' }).click()
    await form.getByLabel('Role').selectOption('admin')
    await form.getByRole('button', { name: 'Keep' }).click()
    await admin.getByRole('heading', { name: 'ann admin' }).waitFor()
    await ann.reload()
    await logIn(ann, 'ann', 'her second password')
    await ann.getByRole('region', { name: 'Users' }).waitFor()

    admin.once('dialog', (dialog) => void dialog.accept())
    await item.getByRole('button', { name: 'Remove' }).click()
    await item.waitFor({ state: 'detached' })
    await ann.reload()
    await ann.getByRole('button', { name: 'Log in' }).waitFor()
    await Promise.all([admin.context().close(), ann.context().close()])
  })

  test('a token is shown once, lets a program in, and no longer once it is revoked', async () => {
    const page = await open('admin', adminPassword)
    await page.getByRole('button', { name: 'New token' }).click()
    const form = page.getByRole('dialog', { name: 'Token' })
    await form.getByLabel('What it is for').fill('a project')
    await form.getByLabel('Until').fill('2020-01-01')
    await form.getByRole('button', { name: 'Keep' }).click()
    await form.getByText('"2020-01-01" is not a time to come').waitFor()
    await assertAccessible(page, 'token-form')
    await form.getByLabel('Until').fill('2096-12-31')
    await form.getByRole('button', { name: 'Keep' }).click()
    await page.locator('article', { hasText: 'until Tue 1 Jan 2097 00:00:00' }).waitFor()
    await page.getByRole('button', { name: 'New token' }).click()
    await form.getByLabel('What it is for').fill('monitoring')
    await form.getByRole('button', { name: 'Keep' }).click()
    const shown = page.getByRole('status').filter({ hasText: 'The token “monitoring”' })
    const secret = await shown.locator('code').innerText()
    const ask = async () => {
      const headers = { authorization: `Bearer ${secret}` }
      return (await fetch(`${weir.url}/api/exporters`, { headers })).status
    }
    assert.equal(await ask(), 200)
    await page.reload()
    const item = page.locator('article', { hasText: 'monitoring' })
    await item.getByText('until it is revoked').waitFor()
    assert.equal(await page.getByText(secret).count(), 0)
    page.once('dialog', (dialog) => void dialog.accept())
    await item.getByRole('button', { name: 'Revoke' }).click()
    await item.waitFor({ state: 'detached' })
    assert.equal(await ask(), 401)
    await page.context().close()
  })
})

async function logIn(page: Page, user: string, password: string): Promise<void> {
  await page.locator('.login').getByLabel('Name').fill(user)
  await page.locator('.login').getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.locator('.login').waitFor({ state: 'detached' })
}

async function changeOwn(page: Page, current: string, password: string): Promise<void> {
  await page.getByLabel('Current password').fill(current)
  await page.getByLabel('New password').fill(password)
  await page.getByRole('button', { name: 'Change it' }).click()
}
