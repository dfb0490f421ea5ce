/** A session that ends while something is edited: the unsaved changes wait for their user. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'

import type { Page } from 'playwright-core'

import { scratchFolder } from '../processes.ts'
import { skipWithout } from '../setup/parts.ts'
import { browsedWeir } from './browsed-weir.ts'
import { answered, openPage } from './opened.ts'

const password = 'a password for sessions'

/** Where each form is opened, the text of its button, its name, and a field of it. */
const forms: readonly [path: string, button: string, name: string, field: string][] = [
  [
    '/?from=2026-11-16T11:20:00Z&to=2026-11-16T11:50:00Z',
    'Annotate',
    'Annotation',
    'What happened',
  ],
  ['/trackers', 'New tracker', 'Tracker', 'Name'],
  ['/alerts', 'New alert', 'Alert', 'Name'],
]

describe('a session ends by itself', { skip: skipWithout('chromium'), timeout: 240_000 }, () => {
  const weir = browsedWeir(async () => {
    const folder = await scratchFolder()
    await writeFile(join(folder, 'password'), `${password}\n`, { mode: 0o600 })
    const environment = {
      WEIR_AUTH: 'password',
      WEIR_PASSWORD_FILE: join(folder, 'password'),
      WEIR_MASK: 'viewer',
    }
    return { environment }
  })
  before(async () => {
    const page = await open('/status')
    await request(page, '/api/users', { user: 'bob', password, role: 'viewer' })
    await page.close()
  })

  async function open(path: string): Promise<Page> {
    const { page } = await openPage(weir.browser, weir.url + path)
    await logIn(page, 'admin')
    await answered(page)
    return page
  }

  test('unsaved changes of a dashboard wait for their own user, and nobody else', async () => {
    const page = await open('/dashboards')
    const title = page.locator('.settings').getByLabel('Title', { exact: true })
    await page.getByRole('button', { name: 'New dashboard' }).click()
    await page.getByRole('button', { name: 'Edit' }).click()
    await title.fill('Not saved yet')
    await endSession(page)
    await logIn(page, 'admin')
    assert.equal(await title.inputValue(), 'Not saved yet')
    assert.equal(await page.locator('.message.error').count(), 0)
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
  })

  test('a log-out that does not reach Weir is said to have failed, and can be repeated', async () => {
    const page = await open('/status')
    await page.route('**/api/logout', (route) => route.abort())
    await page.getByRole('button', { name: 'log out' }).click()
    await page.getByRole('alert').getByText('Weir does not answer').waitFor({ timeout: 20_000 })
    await page.unroute('**/api/logout')
    await page.getByRole('button', { name: 'log out' }).click()
    await page.getByLabel('Password').waitFor()
  })

  test('a wall says that its session has ended, and what to do', async () => {
    const page = await open('/status')
    const place = { column: 0, row: 0, columns: 6, rows: 3 }
    const panels = [{ kind: 'top', place, query: { by: 'host' } }]
    await request(page, '/api/dashboards', {
      id: 'ended',
      title: 'Hall',
      refreshSeconds: 5,
      panels,
    })
    const wall = { name: 'hall', role: 'wall', dashboard: 'ended' }
    const { link } = await request(page, '/api/tokens', wall)
    await page.goto(`${weir.url}/wall/ended`)
    const shown = page.getByText('in this time').or(page.getByText('of this time'))
    await shown.waitFor()
    assert.equal(await page.getByRole('alert').count(), 0)
    await request(page, '/api/logout')
    const said = page.getByRole('alert').filter({ hasText: 'This screen is not logged in' })
    await said.waitFor()
    await page.goto('about:blank')
    await page.goto(`${weir.url}/wall/ended#${'no-longer-valid'.repeat(3)}`)
    await page.getByRole('alert').filter({ hasText: 'This link is not valid' }).waitFor()
    await answered(page)
    assert.equal(await said.count(), 0)

    // A screen that is on before Weir: what its link holds is nowhere else.
    await page.goto('about:blank')
    await page.route('**/api/**', (route) => route.abort('connectionrefused'))
    await page.goto(`${weir.url}${String(link)}`)
    await page.getByRole('alert').filter({ hasText: 'Weir does not answer' }).waitFor()
    await page.unroute('**/api/**')
    await shown.waitFor()
    await request(page, '/api/logout')
    await said.waitFor()
    await page.getByRole('link', { name: 'log in' }).click()
    await logIn(page, 'admin')
    await page.goBack()
    await said.waitFor({ state: 'detached' })
    await page.close()
  })

  test('so does a panel’s form, which does not cover the log-in', async () => {
    const page = await open('/dashboards')
    await page.getByRole('button', { name: 'New dashboard' }).click()
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByRole('button', { name: 'Add a panel' }).click()
    const form = page.getByRole('dialog', { name: 'Panel' })
    await form.getByLabel('Title').fill('Not added yet')
    await endSession(page)
    await logIn(page, 'admin')
    assert.equal(await form.getByLabel('Title').inputValue(), 'Not added yet')
    await form.getByRole('button', { name: 'Add' }).click()
    await page.getByRole('heading', { name: 'Not added yet' }).waitFor()
  })

  for (const [path, button, name, field] of forms)
    test(`so does the form at ${path}`, async () => {
      const page = await open(path)
      await page.getByRole('button', { name: button }).click()
      const form = page.getByRole('dialog', { name })
      const keep = form.getByRole('button', { name: 'Keep' })
      // With a required field empty nothing would be sent, and the end of the session found only later.
      const fill = async (text: string) => {
        await form.getByLabel(field).fill(text)
        if (name === 'Tracker') await form.getByLabel('Filter').fill('port 443')
        if (name === 'Alert') await form.getByLabel('To: one').fill('https://192.0.2.1/')
      }
      await fill('Not saved yet')
      await request(page, '/api/logout')
      await keep.click()
      await logIn(page, 'admin')
      assert.equal(await form.getByLabel(field).inputValue(), 'Not saved yet')
      assert.equal(await form.locator('.message').count(), 0)
      page.once('dialog', (dialog) => void dialog.dismiss())
      await form.press('Escape')
      await keep.click()
      await form.waitFor({ state: 'detached' })
      await page.getByText('Not saved yet').first().waitFor()
      await page.getByRole('button', { name: button }).click()
      await fill('Seen by nobody else')
      await request(page, '/api/logout')
      await keep.click()
      await logIn(page, 'bob')
      await page.getByText('Not saved yet').first().waitFor()
      assert.equal(await form.count(), 0)
    })

  test('the next user of a tab finds nothing that the last one was shown', async () => {
    const page = await open('/status')
    const isMarked = () => page.evaluate(() => document.body.dataset['seenBy'] !== undefined)
    const mark = () => page.evaluate(() => void (document.body.dataset['seenBy'] = 'the last one'))
    await mark()
    await request(page, '/api/logout')
    await page.getByLabel('Password').waitFor()
    await logIn(page, 'admin')
    assert.equal(await isMarked(), true)
    await request(page, '/api/logout')
    await page.getByLabel('Password').waitFor()
    await logIn(page, 'bob')
    await answered(page)
    assert.equal(await isMarked(), false)
    await mark()
    await page.getByRole('button', { name: 'log out' }).click()
    await page.getByLabel('Password').waitFor()
    assert.equal(await isMarked(), false)
  })

  test('on a phone, neither a long name nor masked addresses move the help to another line', async () => {
    const user = 'maximilian.mustermann.of.the.operations.of.bigbiz'
    const page = await open('/status')
    await request(page, '/api/users', { user, password, role: 'viewer' })
    await request(page, '/api/logout')
    await page.setViewportSize({ width: 390, height: 844 })
    await page.reload()
    await logIn(page, user)
    await page.locator('.freshness.late').waitFor()
    await page.getByText('addresses masked').waitFor()
    const help = (await page.getByRole('button', { name: 'Help and keys' }).boundingBox())!
    const views = (await page.getByRole('navigation', { name: 'Views' }).boundingBox())!
    assert.ok(help.y + help.height <= views.y && help.x > views.width / 2, JSON.stringify(help))
  })

  test('what somebody else changed meanwhile is replaced only by who was told of it', async () => {
    const page = await open('/trackers')
    const made = await request(page, '/api/trackers', { name: 'Web', filter: 'port 443' })
    await page.reload()
    const item = page.locator('article.tracker', { hasText: 'Web' })
    await item.getByRole('button', { name: 'Revise' }).click()
    const form = page.getByRole('dialog', { name: 'Tracker' })
    await form.getByLabel('Name').fill('Web of ours')
    await request(page, `/api/trackers/${String(made['id'])}`, { name: 'Web of theirs' }, 'PUT')
    await form.getByRole('button', { name: 'Keep' }).click()
    await form.getByText('To put yours in its place, do the same again.').waitFor()
    await item.getByText('Web of theirs').waitFor()
    await form.getByRole('button', { name: 'Keep' }).click()
    await form.waitFor({ state: 'detached' })
    await item.getByText('Web of ours').waitFor()
  })
})

async function logIn(page: Page, user: string): Promise<void> {
  await page.locator('.login').getByLabel('Name').fill(user)
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
async function request(
  page: Page,
  path: string,
  data = {},
  method = 'POST',
): Promise<Record<string, unknown>> {
  const headers = { origin: new URL(page.url()).origin }
  const address = new URL(path, page.url()).href
  const response = await page.request.fetch(address, { method, data, headers })
  const text = await response.text()
  assert.ok(response.ok(), text)
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
}
