/** The chart under fingers: one selects, two stretch the time between them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'

import type { Page } from 'playwright-core'

import { skipWithout } from '../setup/parts.ts'
import { browsedWeir } from './browsed-weir.ts'
import { painted } from './opened.ts'

const around = '?from=2026-11-16T11:20:00Z&to=2026-11-16T11:50:00Z&tz=UTC'
/** Two fingers, as shares of the chart's width. */
type Two = readonly [left: number, right: number]

describe('touch', { skip: skipWithout('chromium'), timeout: 240_000 }, () => {
  const weir = browsedWeir()

  test('two fingers stretch the time between them, one selects, and nothing is selected by two', async () => {
    const { page, complaints } = await weir.open(`/${around}`, {
      hasTouch: true,
      viewport: { width: 390, height: 844 },
    })
    await page.locator('.legend').waitFor()
    await move(page, [0.4, 0.6], [0.2, 0.8])
    await shows(page, '11:30:00', '11:40:00')
    await move(page, [0.2, 0.8], [0.4, 0.6])
    await shows(page, '11:20:00', '11:50:00')
    // One above the other, with no time between them.
    await move(page, [0.5, 0.5], [0.49, 0.51])
    await shows(page, '11:20:00', '11:50:00')
    await move(page, [0.25], [0.75])
    await shows(page, '11:27:30', '11:42:30')
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('while its data is awaited, what was zoomed is zoomed again, and left by Back', async () => {
    const { page } = await weir.open(`/${around}`, {
      hasTouch: true,
      viewport: { width: 390, height: 844 },
    })
    await page.locator('.legend').waitFor()
    await page.route('**/api/series?*', () => undefined)
    await move(page, [0.4, 0.6], [0.2, 0.8])
    await shows(page, '11:30:00', '11:40:00')
    await painted(page)
    // The incident of 4'23" is above its time on the stretched axis.
    const lane = (await page.locator('.lane').boundingBox())!
    const mark = (await page.locator('.lane-mark').boundingBox())!
    assert.ok(
      Math.abs(mark.width / lane.width - 263 / 600) < 0.02,
      `${mark.width} of ${lane.width}`,
    )
    await move(page, [0.25], [0.75])
    await shows(page, '11:32:30', '11:37:30')
    await page.goBack()
    await shows(page, '11:30:00', '11:40:00')
    await page.goBack()
    await shows(page, '11:20:00', '11:50:00')
    await painted(page)
    await move(page, [0.25], [0.75])
    await shows(page, '11:27:30', '11:42:30')
    await page.close()
  })

  test('if its data does not come, the chart shows the time of what it has', async () => {
    const { page } = await weir.open(`/${around}`, {
      hasTouch: true,
      viewport: { width: 390, height: 844 },
    })
    await page.locator('.legend').waitFor()
    await page.route('**/api/series?*', (route) => route.abort('failed'))
    await move(page, [0.4, 0.6], [0.2, 0.8])
    await page.getByText('The data shown is older').waitFor()
    await painted(page)
    await move(page, [0.25], [0.75])
    await shows(page, '11:27:30', '11:42:30')
    await page.close()
  })
})

/** Moves one or two fingers on the chart. */
async function move(page: Page, from: Two | [number], to: Two | [number]): Promise<void> {
  const box = (await page.locator('.u-over').boundingBox())!
  const client = await page.context().newCDPSession(page)
  const points = (share: number) =>
    from.map((start, id) => ({
      x: box.x + box.width * (start + (to[id]! - start) * share),
      y: box.y + 50 + 20 * id,
      id,
    }))
  const send = (type: 'touchStart' | 'touchMove', share: number) =>
    client.send('Input.dispatchTouchEvent', { type, touchPoints: points(share) })
  await send('touchStart', 0)
  for (const share of [0.25, 0.5, 0.75, 1]) await send('touchMove', share)
  await client.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] })
  await client.detach()
}

/** The address comes to be of these times, to a few seconds: fingers are not more exact. */
async function shows(page: Page, from: string, to: string): Promise<void> {
  const seconds = (time: string) => Date.parse(`${time}Z`) / 1000
  let shown = ''
  const isShown = () => {
    shown = new URL(page.url()).search
    const [is, ends] = ['from', 'to'].map((name) => new URLSearchParams(shown).get(name) ?? '')
    return [
      [is, from],
      [ends, to],
    ].every(
      ([one, other]) =>
        Math.abs(seconds(one!.replace('Z', '')) - seconds(`2026-11-16T${other}`)) <= 20,
    )
  }
  for (let tries = 0; tries < 100 && !isShown(); tries++) await page.waitForTimeout(100)
  assert.ok(isShown(), `${shown}, not from ${from} to ${to}`)
}
