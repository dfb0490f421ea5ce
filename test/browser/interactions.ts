/** What people do in Explore, step by step, and how long the API takes for each. */
import assert from 'node:assert/strict'

import type { Page } from 'playwright-core'

import { cpuSecondsOf } from '../load/usage.ts'
import { BrowsedWeir } from './browsed-weir.ts'
import { answered } from './opened.ts'

const day = '?from=2026-11-16T00:00:00Z&to=2026-11-17T00:00:00Z&tz=UTC'
const morning = '?from=2026-11-16T09:00:00Z&to=2026-11-16T13:00:00Z&tz=UTC'
const around = '?from=2026-11-16T11:20:00Z&to=2026-11-16T11:50:00Z&tz=UTC'
const filters = ['port 443', 'host 10.0.0.22', 'net 203.0.113.0/24 and not port 53']
const splits = ['port', 'protocol', 'direction', 'exporter', 'host']
const measures = ['packets', 'flows', 'active', 'bits']
const zooms = 6

interface Interacted {
  /** The slowest answer to each, in words. */
  answers: string
  p95Ms: number
  /** CPU time of the API for one of them. */
  cpuSeconds: number
}

/** Zooms, filters and switches in a page of the replayed Monday. */
export async function interact(): Promise<Interacted> {
  await using weir = await BrowsedWeir.start()
  const before = await cpuSecondsOf(weir.pid)
  const { count, ...found } = await interactIn(weir)
  return { ...found, cpuSeconds: ((await cpuSecondsOf(weir.pid)) - before) / count }
}

async function interactIn(
  weir: BrowsedWeir,
): Promise<{ answers: string; count: number; p95Ms: number }> {
  const { page, complaints } = await weir.open(`/${day}`)
  const times: [name: string, ms: number, path: string][] = []
  const measured = async (name: string, act: () => Promise<void>) => {
    await page.evaluate(() => performance.clearResourceTimings())
    await act()
    await page.waitForFunction(seriesAnswered)
    await answered(page)
    times.push([name, ...(await slowest(page))])
  }
  await answered(page)
  for (const window of [morning, around])
    for (const by of splits) {
      await page.goto(`${weir.url}/${window}&by=${by === 'host' ? 'port' : 'host'}`)
      await answered(page)
      await measured(`split by ${by}`, () => press(page, 'Split by', by))
    }
  for (const window of [day, morning, around])
    for (const measure of measures) {
      if (measure === 'packets') await page.goto(`${weir.url}/${window}`)
      await answered(page)
      await measured(measure, () => press(page, 'Measure', measure))
    }
  for (const window of [day, morning]) {
    await page.goto(`${weir.url}/${window}`)
    await answered(page)
    for (let i = 0; i < zooms; i++) await measured('zoom in', () => key(page, '+'))
    for (let i = 0; i < zooms; i++) await measured('zoom out', () => key(page, '-'))
  }
  for (const window of [day, morning, around])
    for (const filter of filters) {
      await page.goto(`${weir.url}/${window}`)
      await answered(page)
      await measured(`filter ${filter}`, async () => {
        const box = page.getByLabel('Filter', { exact: true })
        await box.fill(filter)
        await box.press('Enter')
      })
    }
  // On a machine that gives it no time the API refuses, and the page asks again.
  assert.deepEqual(complaints.filter((text) => !text.includes('status of 503')), []) // prettier-ignore
  await page.close()
  const sorted = times.map(([, ms]) => ms).sort((a, b) => a - b)
  const at = (share: number) => Math.round(sorted[Math.ceil(share * sorted.length) - 1]!)
  const list = times.map(([name, ms, path]) => `${name} ${Math.round(ms)} ${path}`).join(', ')
  return {
    answers: `${times.length} interactions, ms: median ${at(0.5)}, p95 ${at(0.95)}, most ${at(1)}: ${list}`,
    count: times.length,
    p95Ms: at(0.95),
  }
}

async function press(page: Page, group: string, word: string): Promise<void> {
  const name = { name: word, exact: true }
  await page.getByRole('group', { name: group }).getByRole('button', name).click()
}

async function key(page: Page, name: string): Promise<void> {
  await page.locator('.chart').focus()
  await page.keyboard.press(name)
}

/** Whether a chart's data has come since the timings were cleared, and no refusal. */
function seriesAnswered(): boolean {
  const all = performance.getEntriesByType('resource') as PerformanceResourceTiming[]
  return all.some(
    ({ name, responseStatus }) =>
      name.includes('/api/series') && responseStatus >= 200 && responseStatus < 400,
  )
}

/** The longest time from a request to the end of its answer since the timings were cleared, and its path. */
function slowest(page: Page): Promise<[ms: number, path: string]> {
  return page.evaluate(() => {
    const all = performance.getEntriesByType('resource') as PerformanceResourceTiming[]
    // Requests that the page aborted in favour of others have no answer.
    const asked = all.filter(
      ({ name, responseStatus }) => name.includes('/api/') && responseStatus > 0,
    )
    const of = ({ requestStart, responseEnd }: PerformanceResourceTiming) =>
      responseEnd - requestStart
    const most = asked.reduce((a, b) => (of(b) > of(a) ? b : a))
    return [of(most), new URL(most.name).pathname] as const
  })
}
