/** A store on another machine that does not answer: reported once, without covering a title. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { chromium } from 'playwright-core'

import { freeTcpPort } from '../free-port.ts'
import { answered, openPage } from './opened.ts'
import { chromiumArguments, chromiumPath, skipWithoutChromium, startWeir } from './weir.ts'

test(
  'while InfluxDB is away the status says so once, and a wall under each of its titles',
  { skip: skipWithoutChromium(), timeout: 300_000 },
  async () => {
    const weir = await startWeir({
      replayed: false,
      environment: {
        WEIR_STORE: 'influx',
        WEIR_INFLUX_URL: `http://127.0.0.1:${await freeTcpPort()}`,
        WEIR_INFLUX_ORG: 'weir',
        WEIR_INFLUX_TOKEN: 'none',
        WEIR_LOG: 'silent',
      },
    })
    const browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArguments })
    try {
      const { page } = await openPage(browser, `${weir.url}/status`)
      await answered(page)
      const told = page.locator('.message', { hasText: 'InfluxDB: no answer' })
      await told.first().waitFor()
      assert.deepEqual(await told.count(), 1)
      assert.match((await told.textContent())!, /^The series \(5m, 30m, 2h, 1d\) cannot be read/)

      await page.setViewportSize({ width: 1920, height: 1080 })
      await page.goto(`${weir.url}/wall`)
      const tiles = page.locator('.tile', { has: page.locator('.tile-number .tile-fault') })
      await tiles.nth(1).waitFor()
      for (const tile of await tiles.all()) {
        const title = (await tile.locator('h2').boundingBox())!
        const below = (await tile.locator('.tile-number > *').first().boundingBox())!
        assert.ok(below.y >= title.y + title.height, 'the title is free')
      }
    } finally {
      await browser.close()
      await weir.close()
    }
  },
)
