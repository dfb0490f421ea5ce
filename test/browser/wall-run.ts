/**
 * A running wall: twelve panels at 4K for a given time, its clock six times as fast, so that twenty
 * minutes hold two hours of updates. In the meantime the API is killed and restarted.
 */
import assert from 'node:assert/strict'
import { readdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Browser, CDPSession, Page } from 'playwright-core'

import { launchChromium } from './chromium.ts'
import { framesOf, markDraws, percentile, traceCategories, type Frame } from './frames.ts'
import { waitMsMax } from './opened.ts'
import { fullWall } from './wall-dashboard.ts'
import { WallWeir } from './wall-weir.ts'

interface WallRun {
  /** How long it runs, by the machine's clock. */
  seconds: number
  kills: number
}

interface WallFound {
  /** Frames in which charts were drawn. */
  frames: Frame[]
  /** Used bytes of the page's JavaScript heap after collection, by seconds of the run. */
  heap: [seconds: number, bytes: number][]
  /** Requests of the page, and its recovery time after each kill, ms. */
  requests: number
  backMs: number[]
}

/** Updates come this many times as often as on a real wall. */
export const speed = 6
const heapEveryMs = 15_000
const traceMs = 15_000
const awayMs = 4000
const backMsMax = 60_000

/** Runs in the page before its scripts: speeds up timers and live seconds by this factor. */
function hurry(times: number): void {
  const { setTimeout: timeout, setInterval: interval } = globalThis
  const hurried = (own: typeof timeout) =>
    ((task: () => void, ms = 0, ...rest: never[]) =>
      own(task, ms / times, ...rest)) as typeof timeout
  globalThis.setTimeout = hurried(timeout)
  globalThis.setInterval = hurried(interval as typeof timeout) as typeof setInterval
  type Listen = (kind: string, heard: EventListener) => void
  const listen: Listen = Reflect.get(EventTarget.prototype, 'addEventListener')
  Reflect.set(
    EventSource.prototype,
    'addEventListener',
    function (this: EventSource, ...[kind, heard]: Parameters<Listen>) {
      const again = (event: Event) => {
        for (let i = 0; i < times; i++) timeout(() => heard(event), (i * 1000) / times)
      }
      listen.call(this, kind, kind === 'tick' ? again : heard)
    },
  )
}

/** Runs the wall, and returns the findings; asserts what must hold for any duration. */
export async function hangWall(t: TestContext, run: WallRun): Promise<WallFound> {
  const weir = await WallWeir.start()
  const browser = await launchChromium()
  try {
    const { link, token } = await weir.hang(fullWall as { id: string })
    const context = await browser.newContext({ viewport: { width: 3840, height: 2160 } })
    await context.addInitScript(hurry, speed)
    await context.addInitScript(markDraws)
    context.setDefaultTimeout(waitMsMax)
    const page = await context.newPage()
    const asked = watchRequests(page, token)
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(String(error)))
    await page.goto(weir.url + link)
    await page.locator('.tile .canvas:not(.waiting)').nth(7).waitFor()
    assert.equal(new URL(page.url()).hash, '', 'the token stays in the address')
    await page.evaluate(() => Object.assign(globalThis, { sameSince: true }))
    const found = await hangOn(t, { run, weir, browser, page })
    assert.equal(
      await page.evaluate(() => 'sameSince' in globalThis),
      true,
      'it loaded itself anew',
    )
    assert.deepEqual(complaints, [])
    assert.deepEqual(asked.faults, [])
    assert.equal(asked.logins, 1)
    await weir.close()
    await assertNowhere(token, [weir.logPath, weir.data])
    return { ...found, requests: asked.count }
  } finally {
    await browser.close()
    await weir.close()
    for (const path of [weir.data, dirname(weir.logPath)])
      await rm(path, { recursive: true, force: true })
  }
}

interface Hanging {
  run: WallRun
  weir: WallWeir
  browser: Browser
  page: Page
}

async function hangOn(
  t: TestContext,
  { run, weir, browser, page }: Hanging,
): Promise<Omit<WallFound, 'requests'>> {
  const protocol = await page.context().newCDPSession(page)
  const [frames, heap, backMs]: [Frame[], WallFound['heap'], number[]] = [[], [], []]
  const startedMs = performance.now()
  const elapsed = () => (performance.now() - startedMs) / 1000
  const killsAt = Array.from({ length: run.kills }, (_, i) => ((i + 0.5) * run.seconds) / run.kills)
  while (elapsed() < run.seconds || killsAt.length > 0) {
    if (killsAt.length > 0 && elapsed() >= killsAt[0]!) {
      killsAt.shift()
      backMs.push(await killAndReturn(weir, page))
    }
    heap.push([elapsed(), await heapBytes(protocol)])
    await browser.startTracing(page, { categories: traceCategories })
    await sleep(Math.min(traceMs, (run.seconds / 4) * 1000))
    frames.push(...framesOf((await browser.stopTracing()).toString()))
    await sleep(Math.max(0, Math.min(heapEveryMs, (run.seconds - elapsed()) * 1000)))
  }
  t.diagnostic(`back after ${backMs.map((ms) => Math.round(ms)).join(', ')} ms`)
  return { frames, heap, backMs }
}

/** Kills the API for some seconds; returns the wall's recovery time after it answered again. */
async function killAndReturn(weir: WallWeir, page: Page): Promise<number> {
  const says = page.getByText('Weir has not answered since')
  await weir.killApi()
  await says.waitFor({ timeout: backMsMax })
  await sleep(awayMs)
  await weir.startApi()
  const startedMs = performance.now()
  await says.waitFor({ state: 'detached', timeout: backMsMax })
  // Every panel has an answer again, including the live ones.
  await page.waitForFunction(() => document.querySelector('.tile-fault') === null, null, {
    timeout: backMsMax,
  })
  const isPanel = (url: string) => /\/panels\/\d+$/.test(new URL(url).pathname)
  await page.waitForResponse((response) => isPanel(response.url()) && response.ok())
  return performance.now() - startedMs
}

async function heapBytes(protocol: CDPSession): Promise<number> {
  await protocol.send('HeapProfiler.collectGarbage')
  const { usedSize } = await protocol.send('Runtime.getHeapUsage')
  return usedSize
}

/** Watches all requests of the page: the token is in the body of one log-in, and nowhere else. */
function watchRequests(page: Page, token: string) {
  const watched = { count: 0, logins: 0, faults: [] as string[] }
  page.on('request', (request) => {
    watched.count++
    const url = request.url()
    const headers = JSON.stringify(request.headers())
    if (url.includes(token) || headers.includes(token)) watched.faults.push(`${url} ${headers}`)
    if (!(request.postData() ?? '').includes(token)) return
    if (url.endsWith('/api/login')) watched.logins++
    else watched.faults.push(`a body to ${url}`)
  })
  return watched
}

/** No file written has it. */
async function assertNowhere(token: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const inside = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => null)
    const files = inside?.filter((each) => each.isFile()) ?? null
    for (const file of files?.map(({ parentPath, name }) => join(parentPath, name)) ?? [path])
      assert.ok(!(await readFile(file)).includes(token), `the token stands in ${file}`)
  }
}

/** Growth of the heap in bytes per second after the first quarter: the least-squares slope. */
export function slopeOf(heap: WallFound['heap'], from: number): number {
  const late = heap.filter(([seconds]) => seconds >= from)
  const mean = (at: 0 | 1) => late.reduce((sum, each) => sum + each[at], 0) / late.length
  const [meanSeconds, meanBytes] = [mean(0), mean(1)]
  let [above, below] = [0, 0]
  for (const [seconds, bytes] of late) {
    above += (seconds - meanSeconds) * (bytes - meanBytes)
    below += (seconds - meanSeconds) ** 2
  }
  return above / below
}

/** The cost of the frames, in words. */
export function framesText(frames: readonly Frame[]): string {
  const figures = (of: (frame: Frame) => number) =>
    [0.5, 0.95, 0.99].map((share) => percentile(frames.map(of), share).toFixed(1)).join(', ')
  return (
    `${frames.length} frames with charts drawn: ${figures(({ ms }) => ms)} ms by the clock, ` +
    `${figures(({ processorMs }) => processorMs)} ms of processor time (p50, p95, p99)`
  )
}
