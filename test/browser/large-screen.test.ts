/** A screen of 3840 pixels: letters that can be read, a sharp chart, and everything under the cursor. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Page } from 'playwright-core'

import { skipWithout } from '../setup/parts.ts'
import { browsedWeir } from './browsed-weir.ts'

const outage = '/?from=2026-11-16T11:20:00Z&to=2026-11-16T11:50:00Z&tz=UTC'
const large = { width: 3840, height: 2160 }
const desk = { width: 1920, height: 1080 }

describe('a very large screen', { skip: skipWithout('chromium'), timeout: 240_000 }, () => {
  const weir = browsedWeir()

  async function opened(viewport: typeof large): Promise<Page> {
    const { page } = await weir.open(`${outage}&explain=shown`, { viewport })
    await page.getByRole('region', { name: 'With whom' }).waitFor()
    await page.locator('.lane-mark').waitFor()
    return page
  }

  /** Height of a line, in pixels of the screen. */
  async function heightOf(page: Page, what: string): Promise<number> {
    return (await page.locator(what).first().boundingBox())!.height
  }

  test('has letters half as large again, on the page and in the chart, which is sharp', async () => {
    const page = await opened(desk)
    const line = await heightOf(page, '.chart-title h1')
    const axis = await heightOf(page, '.u-axis')
    await page.setViewportSize(large)
    await page.waitForFunction(
      (most) => document.querySelector('.u-axis')!.clientHeight > most,
      axis,
    )
    assert.equal(((await heightOf(page, '.chart-title h1')) / line).toFixed(2), '1.50')
    const [drawn, shown] = await page.evaluate(() => {
      const canvas = document.querySelector('.canvas canvas') as HTMLCanvasElement
      return [canvas.width, canvas.getBoundingClientRect().width]
    })
    assert.equal(drawn, shown)
    await page.close()
  })

  test('has the card at the cursor, the incident above its time, and zooms to what was dragged', async () => {
    const page = await opened(large)
    const box = (await page.locator('.u-over').boundingBox())!
    const at = (share: number) => Math.round(box.x + box.width * share)
    await page.mouse.move(at(0.25), box.y + 100)
    const card = (await page.locator('.card').boundingBox())!
    assert.ok(Math.abs(card.x - at(0.25) - 21) < 4, `a card at ${card.x}, a cursor at ${at(0.25)}`)
    const mark = (await page.locator('.lane-mark i').boundingBox())!
    const cut = box.x + (box.width * 12.17) / 30
    assert.ok(Math.abs(mark.x - cut) < 20, `a mark at ${mark.x}, a cut at ${cut}`)
    await page.mouse.down()
    await page.mouse.move(at(0.75), box.y + 100, { steps: 4 })
    await page.mouse.up()
    await page.waitForURL(/from=2026-11-16T11:27:[23]\d.*to=2026-11-16T11:42:[23]\d/)
    await page.close()
  })

  for (const viewport of [desk, large])
    test(`who it was is all in sight beside a chart of ${viewport.width} pixels`, async () => {
      const page = await opened(viewport)
      for (const name of ['Who it was', 'With whom']) {
        const region = page.getByRole('region', { name })
        const [room, needed] = await region.evaluate(
          (it) => [it.clientWidth, it.scrollWidth] as const,
        )
        assert.ok(needed <= room, `${name}: ${needed} of ${room} pixels`)
      }
      await page.close()
    })
})
