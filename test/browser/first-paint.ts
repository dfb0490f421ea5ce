/** How fast the page loads in a browser with an empty cache, and how much it transfers. */
import { chromium } from 'playwright-core'

import { openPage } from './opened.ts'
import { chromiumArguments, chromiumPath } from './weir.ts'

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
  const browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArguments })
  try {
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
