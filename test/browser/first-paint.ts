/** How fast the page loads in a browser with an empty cache, and how much it transfers. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { setPriority } from 'node:os'

import { treeOf } from '../load/usage.ts'
import { launchChromium } from './chromium.ts'
import { openPage } from './opened.ts'

export interface FirstPaint {
  /** Time to the first paint, and to the chart's figures, ms. */
  paintMs: number
  figuresMs: number
  /** Bytes transferred, compressed. */
  bytes: number
  /** See openPage. */
  complaints: string[]
}

/** Opens an address of Explore in a separate browser. */
export async function firstPaint(address: string): Promise<FirstPaint> {
  const browser = await launchChromium()
  try {
    await goFirst()
    const { page, complaints } = await openPage(browser, address)
    await page.locator('.legend tbody tr').first().waitFor()
    const measured = await page.evaluate(() => {
      const paint = performance.getEntriesByName('first-contentful-paint')[0]
      const resources = performance.getEntriesByType('resource') as PerformanceResourceTiming[]
      const [opened] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
      const files = resources.filter(({ name }) => !name.includes('/api/'))
      const size = files.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0)
      const series = resources.filter(({ name }) => name.includes('/api/series'))
      return {
        paintMs: paint?.startTime ?? Infinity,
        figuresMs: Math.max(...series.map(({ responseEnd }) => responseEnd)),
        bytes: size + (opened?.encodedBodySize ?? 0),
      }
    })
    return { ...measured, complaints }
  } finally {
    await browser.close()
  }
}

/** From −20 to 19, as of `nice`. */
const first = -19

/**
 * Gives the processes that this one has started, the browser among them, the cores before all
 * others, so that tests beside it do not make the page late. Only root may; for others nothing
 * changes.
 */
async function goFirst(): Promise<void> {
  for (const pid of await treeOf(process.pid)) {
    if (pid === process.pid) continue
    try {
      for (const thread of readdirSync(`/proc/${pid}/task`)) setPriority(Number(thread), first)
      // The kernel may first share the cores between sessions; the browser has one of its own.
      if (sessionOf(pid) === pid) writeFileSync(`/proc/${pid}/autogroup`, String(first))
    } catch {
      // Not allowed, not Linux, or it has just ended.
    }
  }
}

function sessionOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[3])
}
