/** A threshold far above the traffic: the chart keeps its shape, on the screen and in the picture. */
import assert from 'node:assert/strict'
import { mkdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import type { Page } from 'playwright-core'

import { skipWithout } from '../setup/parts.ts'
import { until } from '../until.ts'
import { BrowsedWeir } from './browsed-weir.ts'
import { answered } from './opened.ts'

const shots = process.env['BROWSER_SHOTS'] ?? join(tmpdir(), 'browser-shots')
const range = '?from=2026-11-16T11:20:00Z&to=2026-11-16T11:50:00Z&tz=UTC&by=direction'

test(
  'a threshold of 10 Gb/s over 50 Mb/s of traffic changes no area, and is named at the edge',
  { skip: skipWithout('chromium'), timeout: 240_000 },
  async () => {
    await mkdir(shots, { recursive: true })
    await using weir = await BrowsedWeir.start()
    const { page, complaints } = await weir.open(`/${range}`)
    await drawn(page)
    const without = { areas: await areaPixels(page), picture: await pictureOf(page) }
    await page.goto(`${weir.url}/${range}&threshold=10G`)
    await drawn(page)
    await page.screenshot({ path: join(shots, 'far-threshold.png') })
    assert.equal(await areaPixels(page), without.areas)
    const picture = await pictureOf(page)
    assert.ok(picture.includes('>↑ threshold 10.00 Gb/s<'))
    assert.ok(areasOf(picture) === areasOf(without.picture), 'the picture has the same areas')
    // It is this test that reads the canvas, until it is drawn.
    const isOurs = (text: string) => text.startsWith('Canvas2D: Multiple readback')
    assert.deepEqual(complaints.filter((text) => !isOurs(text)), []) // prettier-ignore
  },
)

async function drawn(page: Page): Promise<void> {
  await answered(page)
  await page.locator('.legend tbody tr').first().waitFor()
  // The canvas is drawn after the legend.
  await until(async () => (await areaPixels(page)) > 0)
}

/** How many pixels of the chart have the colour of received traffic, in its right half: no name is there. */
async function areaPixels(page: Page): Promise<number> {
  return page.evaluate(() => {
    const swatch = document.querySelector('.legend tbody .swatch')!
    const [red, green, blue] = getComputedStyle(swatch).backgroundColor.match(/\d+/g)!.map(Number)
    const canvas = document.querySelector<HTMLCanvasElement>('.chart canvas')!
    const { width, height } = canvas
    const half = Math.floor(width / 2)
    const { data } = canvas.getContext('2d')!.getImageData(half, 0, width - half, height)
    let count = 0
    for (let i = 0; i < data.length; i += 4)
      if (data[i] === red && data[i + 1] === green && data[i + 2] === blue) count++
    return count
  })
}

async function pictureOf(page: Page): Promise<string> {
  const downloading = page.waitForEvent('download')
  await page.getByLabel('Keep or share').selectOption('svg')
  return readFile(await (await downloading).path(), 'utf8')
}

/** The areas of a picture: its closed paths. */
function areasOf(picture: string): string {
  return picture.match(/<path d="[^"]+Z" fill="[^"]+"\/>/g)!.join('\n')
}
