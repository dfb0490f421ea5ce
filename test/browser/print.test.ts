/** The report as printed. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import { reportOf, type ReportFacts } from '../../api/report/content.ts'
import { htmlReport } from '../../api/report/html.ts'
import { skipWithout } from '../setup/parts.ts'
import { BrowsedWeir } from './browsed-weir.ts'
import { launchChromium } from './chromium.ts'
import { answered, painted } from './opened.ts'

const shots = process.env['BROWSER_SHOTS'] ?? join(tmpdir(), 'browser-shots')
const explained =
  '?from=2026-11-16T11:28:00Z&to=2026-11-16T11:40:00Z&tz=UTC&explain=2026-11-16T11:31:00Z/2026-11-16T11:38:00Z'
const skip = skipWithout('chromium', 'pdftotext')

test(
  'Print gives one page that has everything, and the flows behind it on a second',
  { skip, timeout: 240_000 },
  async () => {
    await mkdir(shots, { recursive: true })
    await using weir = await BrowsedWeir.start()
    const { page, complaints } = await weir.open(`/${explained}`)
    const sentence = ((await page.locator('.sentence').textContent()) ?? '').trim()
    assert.match(sentence, /was cut for 4 min 2\d s\. 10\.0\.0\.22 .*312 connections/)
    const href = await page.getByRole('link', { name: 'Print' }).getAttribute('href')
    await page.goto(weir.url + href!)
    const pdf = join(shots, 'report.pdf')
    await writeFile(pdf, await page.pdf({ format: 'A4', preferCSSPageSize: true }))
    const words = (text: string) => text.replace(/\s+/g, ' ')
    const printed = execFileSync('pdftotext', ['-layout', '-l', '1', pdf, '-'], {
      encoding: 'utf8',
    })
    assert.ok(words(printed).includes(words(sentence)), `${printed}\nlacks: ${sentence}`)
    const pages = /Pages:\s+(\d+)/.exec(execFileSync('pdfinfo', [pdf], { encoding: 'utf8' }))?.[1]
    assert.match(printed, /Made by Weir from received flows/, 'the first page is the whole report')
    assert.equal(pages, '2', 'and the evidence one more')
    execFileSync('pdftoppm', ['-r', '80', '-png', pdf, join(shots, 'report')])
    assert.deepEqual(complaints, [])
    const picture = new URL(href!, weir.url)
    picture.searchParams.set('format', 'png')
    await page.goto(picture.href)
    assert.deepEqual(await page.evaluate(coloursAtFoot), [255], 'a picture has no line cut in two')
  },
)

test(
  'on the sheet of flows no figure and no time is broken, however long the addresses are',
  { skip: skipWithout('chromium'), timeout: 120_000 },
  async () => {
    const browser = await launchChromium()
    try {
      const page = await browser.newPage({ viewport: { width: 688, height: 1000 } })
      await page.emulateMedia({ media: 'print' })
      await page.setContent(htmlReport(reportOf(longFlow)))
      const lines = await page.locator('.evidence td').evaluateAll((tds) =>
        tds.map((td) => {
          const range = document.createRange()
          range.selectNodeContents(td)
          return range.getClientRects().length
        }),
      )
      const [first, last, , , ...figures] = lines
      assert.deepEqual([first, last, ...figures], [1, 1, 1, 1, 1, 1])
      const width = await page.evaluate(() => document.documentElement.scrollWidth)
      assert.ok(width <= 688, `${width} of 688 pixels`)
    } finally {
      await browser.close()
    }
  },
)

test(
  'the page itself, printed from a dark screen, is one sheet with the whole chart and the sentence',
  { skip, timeout: 240_000 },
  async () => {
    await using weir = await BrowsedWeir.start()
    const { page, complaints } = await weir.open(`/${explained}`)
    await answered(page)
    await page.locator('.sentence').waitFor()
    await page.locator('.top tbody tr').first().waitFor()
    await painted(page)
    const sheet = async () =>
      page.evaluate(() => {
        const { width, height } = document.querySelector('.chart .uplot')!.getBoundingClientRect()
        return { width, height, swatch: document.querySelector('.legend .swatch')?.outerHTML }
      })
    const onScreen = await sheet()
    const pdf = join(shots, 'page.pdf')
    await writeFile(pdf, await page.pdf({ format: 'A4', preferCSSPageSize: true }))
    const printed = execFileSync('pdfinfo', [pdf], { encoding: 'utf8' })
    assert.match(printed, /Pages:\s+1\n/)
    const text = execFileSync('pdftotext', ['-layout', pdf, '-'], { encoding: 'utf8' })
    for (const words of ['was cut for 4 min', '280 connections', 'Top protocols'])
      assert.ok(text.includes(words), `${words} is missing in ${text}`)
    const drawn = await page.evaluate(coloursOnPaper)
    const onPaper = await sheet()
    const first = await page.locator('.legend .swatch').first().evaluate(colourOf)
    assert.ok(drawn.includes(first), `the chart has the colours of its legend, and ${first}`)
    await page.emulateMedia({ colorScheme: 'light' })
    const mark = await page.locator('.lane-mark').evaluate((it) => getComputedStyle(it).color)
    await page.emulateMedia({ colorScheme: 'dark' })
    const picture = execFileSync('pdftoppm', ['-r', '80', pdf], { maxBuffer: 1e7 })
    const [bar, outage] = [endsOf(picture, mark, 0), endsOf(picture, first, 15)]
    const places = `the bar of the incident goes from ${bar.join(' to ')}, the outage from ${outage.join(' to ')}`
    assert.ok(bar[1] - bar[0] > 100, places)
    // What took the line rose for a quarter of a minute, 11 points.
    assert.ok(outage[0] >= bar[0] && outage[0] - bar[0] < 13, places)
    assert.ok(Math.abs(outage[1] - bar[1]) < 3, places)
    assert.ok(onPaper.width < 1042, `a chart of ${onPaper.width} on a sheet of 1042 pixels`)
    assert.notEqual(onPaper.swatch, onScreen.swatch, 'the colours are those of a light page')
    await page.evaluate(() => dispatchEvent(new Event('afterprint')))
    assert.deepEqual(await sheet(), onScreen)
    await page.goto(`${weir.url}/reports${explained}`)
    await page.locator('table.report tbody tr').first().waitFor()
    await writeFile(pdf, await page.pdf({ format: 'A4', preferCSSPageSize: true }))
    const list = execFileSync('pdftotext', ['-l', '1', pdf, '-'], { encoding: 'utf8' })
    assert.match(list, /203\.0\.113\.80/, 'a list begins on the first sheet')
    assert.deepEqual(complaints, [])
  },
)

test(
  'the page, printed before its explanation has come, has nothing that only a screen can wait for',
  { skip, timeout: 240_000 },
  async () => {
    await mkdir(shots, { recursive: true })
    await using weir = await BrowsedWeir.start()
    const { page } = await weir.open('/status')
    await page.route('**/api/explain?*', () => undefined)
    await page.goto(`${weir.url}/${explained}`)
    await page.getByText('Reading the flows').waitFor()
    await page.locator('.top tbody tr').first().waitFor()
    const pdf = join(shots, 'unexplained.pdf')
    await writeFile(pdf, await page.pdf({ format: 'A4', preferCSSPageSize: true }))
    const text = execFileSync('pdftotext', ['-layout', pdf, '-'], { encoding: 'utf8' })
    assert.match(text, /Top protocols/)
    assert.doesNotMatch(text, /Reading the flows|What happened/)
  },
)

/** In the page of a picture: the different values of its last line's pixels. */
function coloursAtFoot(): number[] {
  const image = document.querySelector('img')!
  const canvas = document.createElement('canvas')
  canvas.width = image.naturalWidth
  canvas.height = 1
  const pen = canvas.getContext('2d')!
  pen.drawImage(image, 0, 1 - image.naturalHeight)
  return [...new Set(pen.getImageData(0, 0, canvas.width, 1).data)]
}

/** A report of nothing but a flow with the longest texts. */
const host = '2001:db8:1111:2222:3333:4444:5555:6666'
const longFlow = {
  event: { scene: null, span: { from: 0, to: 60_000 }, unseen: null },
  answer: {
    window: { from: 0, to: 60, seconds: 60, kind: 'none', ongoing: false },
    exporter: null,
    sentence: '',
    actors: [],
    top: [],
    usual: null,
    evidence: { time: [], step: 1, series: [], facts: [], limits: [], lost: null },
  },
  wording: { zone: 'UTC', hostName: () => null, exporterName: () => null },
  flows: [
    {
      first: 1,
      last: 59_999,
      source: host,
      sourcePort: 65_535,
      destination: host,
      destinationPort: 65_535,
      protocol: 'ipv6-icmp',
      tcpFlags: '..UAPRSF',
      packets: 63_000_000,
      bytes: 63_000_000_000,
    },
  ],
  filter: '',
  now: 0,
} as unknown as ReportFacts

/** The colours of the chart when the sheet is laid out: in no later frame. */
async function coloursOnPaper(): Promise<string[]> {
  dispatchEvent(new Event('beforeprint'))
  for (let turn = 0; turn < 5; turn++) await Promise.resolve()
  const canvas = document.querySelector<HTMLCanvasElement>('.chart canvas')!
  const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
  const colours = new Set<string>()
  for (let i = 0; i < data.length; i += 4)
    colours.add(`rgb(${data[i]}, ${data[i + 1]}, ${data[i + 2]})`)
  return [...colours]
}

function colourOf(element: Element): string {
  return getComputedStyle(element).backgroundColor
}

/**
 * Where a colour, `rgb(R, G, B)`, begins and ends in a picture (PPM, 8 bits), so many rows below the
 * first row that has a hundred points of it.
 */
function endsOf(ppm: Buffer, colour: string, below: number): [from: number, to: number] {
  const wanted = colour.match(/\d+/g)!.map(Number)
  const [head, width] = /^P6\s+(\d+)\s+\d+\s+255\s/.exec(ppm.toString('latin1', 0, 40))!
  const columns = [...Array(Number(width)).keys()]
  const near = (at: number) => wanted.every((value, i) => Math.abs(ppm[at + i]! - value) < 45)
  const found = (row: number) => columns.filter((column) => near(row + 3 * column))
  const rowBytes = 3 * columns.length
  let row = head.length
  while (row < ppm.length && found(row).length < 100) row += rowBytes
  const ends = found(row + below * rowBytes)
  return [ends[0] ?? 0, ends.at(-1) ?? 0]
}
