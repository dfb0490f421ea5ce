/** Finding the outage in the page: from the month to the second, who it was, and on paper. */
import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'

import type { Page } from 'playwright-core'

import type { SeriesAnswer } from '../../api/schema/schema.ts'
import type { ExplainAnswer } from '../../api/schema/explain.ts'
import { skipWithout } from '../setup/parts.ts'
import { browsedWeir } from './browsed-weir.ts'
import { answered, painted, shoot } from './opened.ts'

const shots = process.env['BROWSER_SHOTS'] ?? join(tmpdir(), 'browser-shots')
const month = '?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z&tz=UTC'
const cut = { from: Date.UTC(2026, 10, 16, 11, 32, 10), to: Date.UTC(2026, 10, 16, 11, 36, 33) }
const sentence = /traffic through .+ was cut for 4 min 2[0-9] s\. 10\.0\.0\.22/

const skip = skipWithout('chromium')

describe('the outage in the page', { skip, timeout: 480_000 }, () => {
  const weir = browsedWeir()

  test('from the month to the cut by three drags, which ends at steps of 1 s', async () => {
    const { page, complaints } = await weir.open(`/${month}`)
    await drawn(page)
    const mark = page.locator('.lane-mark')
    await mark.waitFor()
    assert.equal(await mark.count(), 1)
    await shoot(page, 'month-1366-dark')
    const hour = 3_600_000
    const shown = { from: Date.UTC(2026, 10, 1), to: Date.UTC(2026, 11, 1) }
    const drags = [
      { from: cut.from - 5 * hour, to: cut.to + 5 * hour },
      { from: cut.from - hour / 3, to: cut.to + hour / 3 },
      { from: cut.from - 120_000, to: cut.to + 120_000 },
    ]
    let answer: SeriesAnswer | null = null
    for (const [i, range] of drags.entries()) {
      const before: { from: number; to: number } = answer
        ? { from: answer.from * 1000, to: answer.to * 1000 }
        : shown
      answer = await drag(page, before, range)
      await drawn(page)
      await shoot(page, `drag-${i + 1}-1366-dark`)
    }
    assert.equal(answer?.step, 1)
    assert.ok(answer.from * 1000 < cut.from && answer.to * 1000 > cut.to)
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('who at the cursor is 10.0.0.22 within the cut, and not before, whatever the split', async () => {
    const range = 'from=2026-11-16T11:30:00Z&to=2026-11-16T11:38:00Z&tz=UTC'
    const { page, complaints } = await weir.open(`/?${range}&by=protocol`)
    await drawn(page)
    const box = (await page.locator('.u-over').boundingBox())!
    const first = async (second: number) => {
      await page.mouse.move(box.x + (box.width * second) / 480, box.y + 60)
      const rows = page.locator('.card .who tbody tr')
      await rows.first().waitFor()
      return (await rows.first().textContent()) ?? ''
    }
    assert.match(await first(240), /10\.0\.0\.22/)
    const left = async (what: string) => (await page.locator(what).boundingBox())!.x
    assert.ok((await left('.card .who th')) > (await left('.card')), 'its heading is in the card')
    await shoot(page, 'who-1366-dark')
    await page.mouse.move(box.x + box.width / 2, box.y + box.height + 300)
    assert.doesNotMatch(await first(90), /10\.0\.0\.22/)
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('a click on the incident explains it', async () => {
    const { page, complaints } = await weir.open(`/${month}`)
    await drawn(page)
    await page.locator('.lane-mark').click()
    await page.waitForURL(/explain=2026-11-16T11:3/)
    const told = page.locator('.sentence')
    await told.waitFor()
    const text = (await told.textContent()) ?? ''
    assert.match(text, sentence)
    assert.match(text, /312 connections/)
    await drawn(page)
    await shoot(page, 'explained-1366-dark', true)
    await page.setViewportSize({ width: 1920, height: 1080 })
    await painted(page)
    await shoot(page, 'explained-1920-dark')
    assert.deepEqual(complaints, [])
    // Whose traffic the table below the peers of one host is.
    await page.getByRole('heading', { name: 'All traffic' }).waitFor()
    await page.close()
  })

  test('beside the chart and on a phone, who it was and with whom are all in sight', async () => {
    const range = 'from=2026-11-16T11:20:00Z&to=2026-11-16T11:50:00Z&explain=shown'
    const { page } = await weir.open('/status')
    await page.route('**/api/explain?*', async (route) => {
      const response = await route.fetch()
      const json = (await response.json()) as ExplainAnswer
      json.actors[0]!.name = 'bobby22.bigbiz.local'
      await route.fulfill({ response, json })
    })
    await page.goto(`${weir.url}/?${range}`)
    for (const width of [1920, 390]) {
      await page.setViewportSize({ width, height: 844 })
      for (const name of ['Who it was', 'With whom']) {
        const region = page.getByRole('region', { name })
        const [room, needed] = await region.evaluate(
          (it) => [it.clientWidth, it.scrollWidth] as const,
        )
        assert.ok(needed <= room, `${name}: ${needed} of ${room} pixels`)
      }
    }
    await page.unrouteAll({ behavior: 'ignoreErrors' })
    await page.close()
  })

  test('a range marked by keyboard is explained and annotated', async () => {
    const range = 'from=2026-11-16T11:28:00Z&to=2026-11-16T11:40:00Z&tz=UTC'
    const { page, complaints } = await weir.open(`/?${range}`)
    await drawn(page)
    await page.locator('.chart').focus()
    await page.keyboard.press('Home')
    for (let i = 0; i < 12; i++) await page.keyboard.press('Shift+ArrowRight')
    await page.keyboard.press('Enter')
    for (let i = 0; i < 45; i++) await page.keyboard.press('Shift+ArrowRight')
    await page.keyboard.press('Shift+Enter')
    await page.locator('.mark-bar').waitFor()
    const [bar, card] = await Promise.all(
      ['.mark-bar', '.chart .card'].map((it) => page.locator(it).boundingBox()),
    )
    assert.ok(card!.y >= bar!.y + bar!.height, 'the figures are readable beside the actions')
    await page.getByRole('button', { name: 'Annotate' }).last().click()
    const form = page.getByRole('dialog', { name: 'Annotation' })
    await form.getByLabel('What happened').fill('the line was down <b>here</b>')
    await form.getByRole('button', { name: 'Keep' }).click()
    await page.locator('.annotations li').waitFor()
    assert.match((await page.locator('.annotations').textContent()) ?? '', /down <b>here<\/b>/)
    await shoot(page, 'annotated-1366-dark')
    await page.getByRole('button', { name: 'Revise' }).click()
    page.once('dialog', (dialog) => {
      assert.equal(dialog.message(), 'Remove the annotation?')
      void dialog.accept()
    })
    await form.getByRole('button', { name: 'Remove' }).click()
    await page.locator('.annotations li').waitFor({ state: 'detached' })
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('the same time the day before is a dashed line, and figures are saved as SVG, PNG and CSV', async () => {
    const range = 'from=2026-11-16T11:20:00Z&to=2026-11-16T11:50:00Z&tz=UTC'
    const query = `${range}&compare=1d&p95=on&threshold=60M&draw=lines`
    const { page, complaints } = await weir.open(`/?${query}`)
    await drawn(page)
    await page.locator('.caption').getByText('nothing is known of the day before').waitFor()
    for (const kind of ['svg', 'png', 'csv']) {
      const downloading = page.waitForEvent('download')
      await page.getByLabel('Keep or share').selectOption(kind)
      const download = await downloading
      assert.match(download.suggestedFilename(), new RegExp(`^weir-host-.*\\.${kind}$`))
      await download.saveAs(join(shots, `kept.${kind}`))
    }
    await shoot(page, 'lines-1366-dark')
    assert.deepEqual(complaints, [])
    await page.close()
  })
})

/** Drags over a range of the chart, and returns the finer answer. */
async function drag(
  page: Page,
  shown: { from: number; to: number },
  range: { from: number; to: number },
): Promise<SeriesAnswer> {
  const box = (await page.locator('.u-over').boundingBox())!
  const x = (t: number) => box.x + (box.width * (t - shown.from)) / (shown.to - shown.from)
  const finer = page.waitForResponse(
    (response) =>
      response.url().includes('/api/series') && response.url().includes('by=host%2Cdirection'),
  )
  await page.mouse.move(x(range.from), box.y + 80)
  await page.mouse.down()
  await page.mouse.move(Math.max(x(range.to), x(range.from) + 8), box.y + 90, { steps: 5 })
  await page.mouse.up()
  return (await (await finer).json()) as SeriesAnswer
}

async function drawn(page: Page): Promise<void> {
  await answered(page)
  await page.locator('.legend tbody tr').first().waitFor()
  await painted(page)
}
