/** The picture of a chart that is kept or sent on: it says what the page says of gaps and losses. */
import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'

import type { Page } from 'playwright-core'

import type { SeriesAnswer } from '../../api/schema/schema.ts'
import { mondayCapture } from '../monday.ts'
import { runWeir, scratchFolder } from '../processes.ts'
import { skipWithout } from '../setup/parts.ts'
import { browsedWeir } from './browsed-weir.ts'
import { answered, painted, shoot } from './opened.ts'

const shots = process.env['BROWSER_SHOTS'] ?? join(tmpdir(), 'browser-shots')
const lostDatagrams = 40
/** The window begins before the capture does. */
const range = 'from=2026-11-16T08:40:00Z&to=2026-11-16T13:00:00Z&tz=UTC'

/** The Monday capture as if some datagrams in its middle had been lost on the way. */
async function withLoss(): Promise<Buffer> {
  const capture = gunzipSync(await readFile(mondayCapture))
  const records: Buffer[] = []
  for (let at = 24; at < capture.length; at += records.at(-1)!.length)
    records.push(capture.subarray(at, at + 16 + capture.readUInt32LE(at + 8)))
  records.splice(records.length >> 1, lostDatagrams)
  return Buffer.concat([capture.subarray(0, 24), ...records])
}

async function pictureOf(page: Page, kind: 'svg' | 'png'): Promise<string> {
  const downloading = page.waitForEvent('download')
  await page.getByLabel('Keep or share').selectOption(kind)
  const path = join(shots, `picture.${kind}`)
  await (await downloading).saveAs(path)
  return readFile(path, 'utf8')
}

describe('a picture of a chart', { skip: skipWithout('chromium'), timeout: 480_000 }, () => {
  let folder = ''
  after(() => rm(folder, { recursive: true, force: true }))
  const weir = browsedWeir(async () => {
    folder = await scratchFolder()
    const capture = join(folder, 'with-loss.pcap')
    await writeFile(capture, await withLoss())
    const environment = { WEIR_DATA: join(folder, 'data'), WEIR_TOP: '10' }
    const { code, stderr } = await runWeir(['replay', capture], environment)
    assert.equal(code, 0, stderr)
    return { replayed: false, environment }
  })

  test('hatches what is unknown, marks what was lost, and says both and the filter', async () => {
    const filter = 'not host 10.0.0.99 and not host 10.0.0.98'
    const { page, complaints } = await weir.open(`/?${range}&filter=${encodeURIComponent(filter)}`)
    await drawn(page)
    const caption = await page.locator('.caption').innerText()
    const lost = /orange: (?:about )?[1-9][\d,]* flows lost/.exec(caption)?.[0]
    assert.ok(lost, caption)
    const picture = await pictureOf(page, 'svg')
    const words = picture.replaceAll(/<[^>]*>/g, '\n')
    for (const said of ['hatched: unknown', lost, filter, 'averaged over', '▼ sent below'])
      assert.ok(words.includes(said), `${said} is not in ${words}`)
    assert.match(picture, /<rect [^>]*fill="url\(#hatching\)"/)
    assert.equal(barsOf(picture), 1)
    await pictureOf(page, 'png')
    await shoot(page, 'picture-page-1366-dark')
    await page.goto(`${weir.url}/?from=2026-11-16T11:30:00Z&to=2026-11-16T11:40:00Z&tz=UTC`)
    await drawn(page)
    const whole = await pictureOf(page, 'svg')
    assert.doesNotMatch(whole, /hatched|fill="url|flows lost/)
    assert.equal(barsOf(whole), 0)
    assert.deepEqual(complaints, [])
    await page.close()
  })

  test('says what the answer lacks, as the caption does, which needs no banner', async () => {
    const lacking = 'what was not among the greatest of an interval (WEIR_TOP)'
    const { page } = await weir.open(`/?${range}&by=host&step=300`)
    await drawn(page)
    await page.locator('.caption', { hasText: lacking }).waitFor()
    assert.equal(await page.locator('.message', { hasText: 'WEIR_TOP' }).count(), 0)
    assert.ok((await pictureOf(page, 'svg')).includes(lacking))
    await page.close()
  })

  test('has long names whole, or at least both their ends, and none on another', async () => {
    const { page } = await weir.open('/status')
    const router = 'second-border-router.noc.a-rather-long-company-name.example.com'
    for (const prefix of [`${router} interface `, `${'database.'.repeat(22)} interface `, '']) {
      await page.route('**/api/series?*', async (route) => {
        const response = await route.fetch()
        const json = (await response.json()) as SeriesAnswer
        for (const [i, entry] of json.series.entries())
          entry.label = `${prefix}${i} (2001:db8:1111:2222:3333:4444:5555)`
        await route.fulfill({ response, json })
      })
      await page.goto(`${weir.url}/?${range}`)
      await drawn(page)
      const picture = await pictureOf(page, 'svg')
      if (prefix.length < 100) assert.ok(picture.includes(`▲ ${prefix}0 (2001:db8`), picture)
      assert.match(picture, /▲ [^<]*0 \(2001:db8:1111:2222:3333:4444:5555\): average/)
      const crowded = await page.evaluate((svg) => {
        const shown = document.body.appendChild(document.createElement('div'))
        shown.innerHTML = svg
        const boxes = [...shown.querySelectorAll('text')]
          .filter((text) => /: average/.test(text.textContent))
          .map((text) => text.getBoundingClientRect())
        const edge = shown.querySelector('svg')!.getBoundingClientRect().right
        return boxes.some(
          (a) =>
            a.right > edge ||
            boxes.some((b) => a !== b && a.right > b.left && a.left < b.left && a.top === b.top),
        )
      }, picture)
      assert.equal(crowded, false, `${prefix} lies on another entry, or beyond the edge`)
      await page.unroute('**/api/series?*')
    }
    await page.close()
  })

  test('a comparison that cannot be made says so, and is no fault of the chart', async () => {
    const { page, complaints } = await weir.open(`/?${range}&filter=host+10.0.0.22&compare=1d`)
    await drawn(page)
    const said = page.locator('.caption').getByText(/^the day before cannot be drawn: .+ begins at/)
    await said.waitFor()
    assert.equal(await page.getByRole('alert').count(), 0)
    // The browser itself tells of the refused request.
    assert.ok(complaints.every((each) => each.includes('status of 4')))
    await page.close()
  })
})

/** Bars at the foot of the plot in the colour of losses. */
function barsOf(picture: string): number {
  return [...picture.matchAll(/<rect [^>]*height="4" fill="#f0b03f"/g)].length
}

async function drawn(page: Page): Promise<void> {
  await answered(page)
  await page.locator('.legend tbody tr').first().waitFor()
  await painted(page)
}
