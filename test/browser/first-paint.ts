/** How fast the page is there for a browser that has nothing of it yet, and how much of it has to come. */
import { chromium } from 'playwright-core'

import { openPage } from './opened.ts'
import { chromiumArguments, chromiumPath } from './weir.ts'

export interface FirstPaint {
  /** Until something is painted, and until the chart's figures are there, ms. */
  paintMs: number
  figuresMs: number
  /** What had to come, compressed. */
  bytes: number
  /** See openPage. */
  complaints: string[]
}

/** Opens an address of Explore in a browser of its own. */
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
