/** A store on another machine that does not answer: reported once, without covering a title. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { StatusAnswer } from '../../api/schema/status.ts'
import { freeTcpPort } from '../free-port.ts'
import { RunningInfluxd } from '../influxd.ts'
import { mondayCapture } from '../monday.ts'
import { runWeir, scratchFolder } from '../processes.ts'
import { skipWithoutInfluxd } from '../setup/influxd.ts'
import { skipWithout } from '../setup/parts.ts'
import { BrowsedWeir } from './browsed-weir.ts'
import { answered, shoot } from './opened.ts'

test(
  'while InfluxDB is away the status says so once, and a wall under each of its titles',
  { skip: skipWithout('chromium'), timeout: 300_000 },
  async () => {
    await using weir = await BrowsedWeir.start({
      replayed: false,
      environment: {
        WEIR_STORE: 'influx',
        WEIR_INFLUX_URL: `http://127.0.0.1:${await freeTcpPort()}`,
        WEIR_INFLUX_ORG: 'weir',
        WEIR_INFLUX_TOKEN: 'none',
        WEIR_LOG: 'silent',
      },
    })
    const { page } = await weir.open('/')
    await page.route('**/api/status', async (route) => {
      const answer = (await (await route.fetch()).json()) as StatusAnswer
      const what = 'series have been waiting: no answer'
      const warnings = answer.warnings.flatMap((each) => [each, { ...each, what }])
      await route.fulfill({ json: { ...answer, warnings } })
    })
    await page.goto(`${weir.url}/status`)
    await answered(page)
    const told = page.locator('.message', { hasText: 'InfluxDB: no answer' })
    await told.first().waitFor()
    assert.deepEqual(await told.count(), 1)
    assert.match((await told.textContent())!, /^The series \(5m, 30m, 2h, 1d\) cannot be read/)
    // What ingest says of the same cause is said with it.
    assert.match((await told.textContent())!, /\. Series have been waiting: no answer\. See that/)

    await page.locator('.freshness.late', { hasText: 'data unreadable' }).waitFor()

    await page.setViewportSize({ width: 1920, height: 1080 })
    await page.goto(`${weir.url}/wall`)
    const tiles = page.locator('.tile', { has: page.locator('.tile-number .tile-fault') })
    await tiles.nth(1).waitFor()
    for (const tile of await tiles.all()) {
      const title = (await tile.locator('h2').boundingBox())!
      const below = (await tile.locator('.tile-number > *').first().boundingBox())!
      assert.ok(below.y >= title.y + title.height, 'the title is free')
    }
  },
)

test(
  'InfluxDB goes away and comes back: a host’s page says it once, and its data is not called live',
  { skip: skipWithout('chromium') || skipWithoutInfluxd(), timeout: 300_000 },
  async () => {
    const influxd = await RunningInfluxd.startReady()
    const stored = { ...influxd.environment, WEIR_DATA: await scratchFolder() }
    const { code, stderr } = await runWeir(['replay', mondayCapture], stored)
    assert.equal(code, 0, stderr)
    await using weir = await BrowsedWeir.start({
      replayed: false,
      environment: { ...stored, WEIR_LOG: 'silent' },
    })
    try {
      await influxd.stop('SIGKILL')
      const { page } = await weir.open('/object/host/10.0.0.22?to=2026-11-16T14:00:00Z')
      await page.locator('.graph .canvas:not(.waiting)').nth(4).waitFor()
      assert.deepEqual(await page.locator('.message').allTextContents(), [
        'InfluxDB: no answer (ECONNREFUSED). See that InfluxDB runs and that WEIR_INFLUX_URL is its address.',
      ])
      await page.locator('.freshness.late', { hasText: 'data unreadable' }).waitFor()
      await page.locator('.graph .chart').first().press('ArrowLeft')
      await page.locator('.graph .card-unknown', { hasText: 'no data' }).waitFor()
      await shoot(page, 'store-away', true)

      await influxd.start()
      await page.locator('.graph-figures').nth(4).waitFor({ timeout: 90_000 })
      assert.equal(await page.locator('.message').count(), 0)
      await page.locator('.freshness', { hasText: / old$/ }).waitFor({ timeout: 60_000 })
      await page.close()
    } finally {
      await influxd.remove()
    }
  },
)
