/**
 * Panels are created, changed, arranged and removed by their form and by their handles: by mouse,
 * and by keyboard alone.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Page } from 'playwright-core'

import type { Dashboard, NewDashboard } from '../../api/schema/state.ts'
import { skipWithout } from '../setup/parts.ts'
import { until } from '../until.ts'
import { accessFaults, reachByTab } from './accessible.ts'
import { browsedWeir } from './browsed-weir.ts'
import { answered, painted, shoot, type PageOptions } from './opened.ts'

const range = { from: '2026-11-16T11:20:00Z', to: '2026-11-16T11:50:00Z' }

function desk(id: string): NewDashboard {
  return {
    id,
    title: `Desk ${id}`,
    panels: [
      { kind: 'chart', title: 'By host', place: { column: 0, row: 0, columns: 9, rows: 5 }, query: { ...range, by: 'host,direction', top: '24', points: '400' } },
      { kind: 'number', title: 'Greatest', place: { column: 9, row: 0, columns: 3, rows: 2 }, statistic: 'maximum', query: { ...range, by: 'direction' } },
      { kind: 'top', title: 'Top hosts', place: { column: 9, row: 2, columns: 3, rows: 5 }, query: { ...range, by: 'host', limit: '7' } },
    ],
  } // prettier-ignore
}

describe('the form of a panel', { skip: skipWithout('chromium'), timeout: 560_000 }, () => {
  const weir = browsedWeir()
  const kept = async (id: string) =>
    (await (await fetch(`${weir.url}/api/dashboards/${id}`)).json()) as Dashboard
  const editing = async (id: string, options: PageOptions = {}) => {
    const opened = await weir.open(`/dashboards/${id}`, options)
    await answered(opened.page)
    return opened
  }
  /** Saves the dashboard, and waits until it is saved. */
  const keep = async (page: Page) => {
    await page.getByRole('button', { name: 'Keep' }).click()
    await page.getByRole('button', { name: 'Done' }).waitFor()
  }

  test('with the mouse: faults appear at their field, the preview follows, what is applied is saved', async () => {
    await weir.addDashboard(desk('mouse'))
    const { page, complaints } = await editing('mouse')
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByRole('button', { name: 'Edit By host' }).click()
    const form = page.getByRole('dialog', { name: 'Panel' })
    const preview = form.getByRole('region', { name: 'Preview' })
    await preview.locator('.canvas:not(.waiting)').waitFor()

    await form.getByLabel('Title').fill('Ports')
    await form.getByLabel('Threshold').fill('sixty')
    await form.getByRole('combobox', { name: 'Filter' }).fill('host 10.0.0.22 and prt')
    await form.getByLabel('From').fill('noon')
    await form.getByRole('button', { name: 'Apply' }).click()
    await form.getByText('Write a figure such as 100M').waitFor()
    await form.getByText('This is not a time').waitFor()
    await form.locator('.fault mark', { hasText: 'prt' }).waitFor()
    await form.getByText('Mend first: filter, from, threshold.').waitFor()
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'panel-filter')
    await shoot(page, 'panel-form-faults-1366-dark')

    await form.getByLabel('Threshold').fill('60M')
    await form.getByLabel('From').fill(range.from)
    await form.getByRole('combobox', { name: 'Filter' }).fill('host 10.0.0.22 and port 443')
    await form.getByRole('button', { name: 'port', exact: true }).click()
    await form.getByRole('button', { name: 'lines' }).click()
    await preview.getByRole('heading', { name: 'Ports' }).waitFor()
    await preview.locator('.tile-legend', { hasText: '443/tcp' }).waitFor()
    await shoot(page, 'panel-form-1366-dark')
    await form.getByRole('button', { name: 'Apply' }).click()
    await form.waitFor({ state: 'detached' })
    await page.getByRole('region', { name: 'Ports' }).waitFor()
    const title = page.getByRole('region', { name: 'Dashboard' }).getByLabel('Title')
    await title.fill(' ')
    await page.getByRole('button', { name: 'Keep' }).click()
    await page.getByText('A dashboard needs a title.').waitFor()
    await title.fill('Desk of the mouse')
    await keep(page)

    const { title: named, panels } = await kept('mouse')
    assert.equal(named, 'Desk of the mouse')
    const [panel] = panels
    assert.deepEqual(panel, {
      kind: 'chart',
      title: 'Ports',
      place: { column: 0, row: 0, columns: 9, rows: 5 },
      query: {
        ...range,
        by: 'port,direction',
        filter: 'host 10.0.0.22 and port 443',
        points: '400',
        top: '24',
      },
      style: 'lines',
      threshold: 6e7,
    })
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('with the mouse: a drag moves what is in its way, a removal is undone, a copy gets a free place', async () => {
    await weir.addDashboard(desk('drag'))
    const { page, complaints } = await editing('drag')
    await page.getByRole('button', { name: 'Edit' }).click()
    const hold = async (name: string, by: [x: number, y: number]) => {
      const box = (await page.getByRole('button', { name, exact: true }).boundingBox())!
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2]
      await page.mouse.move(x, y)
      await page.mouse.down()
      await page.mouse.move(x + by[0] / 2, y + by[1] / 2)
      await page.mouse.move(x + by[0], y + by[1])
      await page.mouse.up()
    }
    const grid = (await page.locator('.grid.editing').boundingBox())!
    const column = grid.width / 12
    await page.getByRole('button', { name: 'Remove Greatest' }).click()
    await page.getByText('Greatest is removed.').waitFor()
    assert.equal(await page.locator('.tile').count(), 2)
    assert.match(
      (await page.evaluate(() => document.activeElement?.textContent)) ?? '',
      /Undo the removal/,
    )
    await page.keyboard.press('Enter')
    await page.locator('.tile .figure').waitFor()
    await hold('Size of By host: drag, or arrow keys', [-3 * column, 74])
    await hold('Move Top hosts: drag, or arrow keys', [-3 * column, -2 * 74])
    await page.getByRole('button', { name: 'Duplicate Greatest' }).click()
    await page.locator('.tile', { hasText: 'Greatest (copy)' }).waitFor()
    await keep(page)
    const places = new Map((await kept('drag')).panels.map(({ title, place }) => [title, place]))
    assert.deepEqual(places.get('By host'), { column: 0, row: 0, columns: 6, rows: 6 })
    assert.deepEqual(places.get('Top hosts'), { column: 6, row: 0, columns: 3, rows: 5 })
    assert.deepEqual(places.get('Greatest'), { column: 9, row: 0, columns: 3, rows: 2 })
    assert.deepEqual(places.get('Greatest (copy)'), { column: 9, row: 2, columns: 3, rows: 2 })
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('by keyboard alone: a panel is added, changed, moved, resized, removed and brought back', async () => {
    await weir.addDashboard(desk('keys'))
    const { page, complaints } = await editing('keys', { colorScheme: 'light' })
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key)
    }
    await reachByTab(page, 'Edit')
    await press('Enter')
    await page.getByRole('button', { name: 'Add a panel' }).waitFor()
    // The editor initially focuses the button that adds a panel.
    await page.waitForFunction(() => document.activeElement?.textContent === 'Add a panel')
    await press('Enter')
    const form = page.getByRole('dialog', { name: 'Panel' })
    await form.waitFor()
    assert.deepEqual(await accessFaults(page), [])
    // From the first kind to the last, by arrow keys.
    await page.waitForFunction(() => (document.activeElement as HTMLInputElement).name === 'kind')
    await press('ArrowLeft', 'Tab')
    await page.keyboard.type('Duty')
    await press('Enter')
    await form.getByText('Write the text to show.').waitFor()
    await form.getByText('Mend first: text.').waitFor()
    await page.keyboard.type('Whom to call: 4711')
    await reachByTab(page, 'Add')
    await press('Enter')
    await form.waitFor({ state: 'detached' })
    // The preview of a closed dialog disappears with the next paint.
    await page.getByRole('region', { name: 'Duty' }).getByText('Whom to call: 4711').waitFor()

    await reachByTab(page, 'Move Duty: drag, or arrow keys')
    await press('ArrowRight', 'ArrowRight', 'ArrowUp')
    await page.getByText('Duty: column 3 of 12, row 5, 6 wide, 4 high').waitFor()
    await reachByTab(page, 'Size of Duty: drag, or arrow keys')
    await press('ArrowLeft', 'ArrowUp')
    await reachByTab(page, 'Remove Top hosts')
    await press('Enter')
    await page.getByText('Top hosts is removed.').waitFor()
    await press('Control+z')
    await page.locator('.tile', { hasText: 'Top hosts' }).waitFor()
    // The same for a user faster than the page: undo applies to the last change, not to the one before.
    await page.evaluate(() => {
      document.querySelector<HTMLElement>('[aria-label="Remove Top hosts"]')!.click()
      document.body.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'z', ctrlKey: true, bubbles: true }),
      )
    })
    await page.locator('.tile', { hasText: 'Top hosts' }).waitFor()
    assert.deepEqual(await accessFaults(page), [])
    await shoot(page, 'editor-1366-light')
    await reachByTab(page, 'Keep')
    await press('Enter')
    await page.getByRole('button', { name: 'Done' }).waitFor()
    const { panels } = await kept('keys')
    const made = panels.find(({ kind }) => kind === 'text')
    assert.deepEqual(made, {
      kind: 'text',
      title: 'Duty',
      text: 'Whom to call: 4711',
      place: { column: 2, row: 4, columns: 5, rows: 3 },
    })
    // The panel under it has made way.
    assert.equal(panels.find(({ title }) => title === 'By host')?.place.row, 8)
    assert.equal(panels.length, 4)
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('nobody leaves with unsaved changes without being asked', async () => {
    await weir.addDashboard(desk('asked'))
    const { page } = await weir.open('/dashboards')
    await page.getByRole('link', { name: 'Desk asked' }).click()
    const asked: string[] = []
    let isLeaving = false
    page.on('dialog', (dialog) => {
      asked.push(dialog.message())
      void (isLeaving ? dialog.accept() : dialog.dismiss())
    })
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByRole('button', { name: 'Duplicate Greatest' }).click()
    await page.getByText('not saved yet').waitFor()
    await page.locator('.navigation').getByText('Status').click()
    await page.evaluate(() => history.back())
    await until(() => asked.length === 2)
    assert.equal(await page.evaluate(() => location.pathname), '/dashboards/asked')
    assert.equal(await page.locator('.tile').count(), 4)
    assert.match(asked[0]!, /without saving the changes to "Desk asked"/)

    // Escape in a changed form asks too; an unchanged one is closed.
    await page.getByRole('button', { name: 'Edit Greatest', exact: true }).click()
    await page.getByRole('dialog').getByLabel('Title').fill('Least')
    await page.keyboard.press('Escape')
    await until(() => asked.length === 3)
    assert.ok(await page.getByRole('dialog').isVisible())
    isLeaving = true
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.locator('.navigation').getByText('Status').click()
    await page.waitForFunction(() => location.pathname === '/status')
    assert.equal((await kept('asked')).panels.length, 3)
    await page.close()
  })

  for (const [width, height, colorScheme] of [
    [390, 844, 'dark'],
    [1366, 768, 'light'],
    [1920, 1080, 'dark'],
  ] as const)
    test(`every kind has its form at ${width} pixels, and its JSON`, async () => {
      const id = `kinds-${width}`
      await weir.addDashboard(desk(id))
      const viewport = { width, height }
      const { page, complaints } = await editing(id, { viewport, colorScheme })
      await page.getByRole('button', { name: 'Edit' }).click()
      await page.getByRole('button', { name: 'Add a panel' }).click()
      const form = page.getByRole('dialog', { name: 'Panel' })
      for (const kind of [
        'Chart',
        'Live chart',
        'Top list',
        'Number',
        'Incidents',
        'Clock',
        'Text',
      ]) {
        await form.getByRole('radio', { name: kind, exact: true }).check()
        await painted(page)
        // Accessibility faults do not depend on the width, and axe is slow.
        if (width === 1366) assert.deepEqual(await accessFaults(page), [], kind)
        const wide = await form.evaluate((dialog) => dialog.scrollWidth - dialog.clientWidth)
        assert.ok(wide <= 0, `${kind}: ${wide} pixels too wide`)
        await shoot(page, `panel-${kind.replaceAll(' ', '-')}-${width}-${colorScheme}`) // prettier-ignore
      }
      await form.getByText('As JSON').click()
      const json = form.getByLabel('The panel as JSON')
      await json.fill('{"kind": "clock", "colour": "red"}')
      await form.getByRole('button', { name: 'Load this' }).click()
      await form.getByText('A panel of kind clock has no "colour".').waitFor()
      await json.fill('{"kind": "clock", "title": "Tokyo", "tz": "Asia/Tokyo"}')
      await form.getByRole('button', { name: 'Load this' }).click()
      assert.equal(await form.getByLabel('Time zone').inputValue(), 'Asia/Tokyo')
      await form.getByRole('button', { name: 'Add' }).click()
      await form.waitFor({ state: 'detached' })
      await page.getByRole('region', { name: 'Tokyo' }).waitFor()
      assert.deepEqual(complaints, [])
      await page.close()
    })
})
