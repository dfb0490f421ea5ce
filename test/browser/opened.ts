/** A page of Weir in Chromium, with everything that it reports as wrong. */
import { join } from 'node:path'

import type { Browser, Page } from 'playwright-core'

export interface Opened {
  page: Page
  /** Errors and warnings of the console, exceptions, violations of the content security policy. */
  complaints: string[]
}

export type PageOptions = Parameters<Browser['newPage']>[0]

/** How long a page waits for what must come: a machine under load takes several times as long as usual. */
export const waitMsMax = 90_000

/** A page without an address, which waits as long as all others do. */
export async function emptyPage(browser: Browser, options: PageOptions = {}): Promise<Page> {
  const page = await browser.newPage(options)
  page.setDefaultTimeout(waitMsMax)
  return page
}

/** Opens an address; complaints are collected from then on. */
export async function openPage(
  browser: Browser,
  address: string,
  options: PageOptions = {},
): Promise<Opened> {
  const page = await emptyPage(browser, {
    viewport: { width: 1366, height: 768 },
    colorScheme: 'dark',
    ...options,
  })
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.stack ?? String(error)))
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`)
    })
  })
  await page.goto(address)
  return { page, complaints }
}

/** Lets Weir's clock go with the page's, which a test has set: the page would correct its own by it. */
export async function withClockOf(page: Page): Promise<void> {
  for (const path of ['session', 'status'])
    await page.route(`**/api/${path}`, async (route) => {
      try {
        const response = await route.fetch()
        const json = (await response.json()) as { now: number }
        json.now = (await page.evaluate(() => Date.now())) / 1000
        await route.fulfill({ response, json })
      } catch {
        // The page was left meanwhile.
      }
    })
}

/** Waits until a view has its answers. */
export async function answered(page: Page): Promise<void> {
  await page.locator('main[aria-busy="false"]').first().waitFor()
}

/** Waits until what has just changed is on the screen. */
export async function painted(page: Page): Promise<void> {
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        requestAnimationFrame(() => requestAnimationFrame(() => resolve()))
      }),
  )
}

/**
 * A picture for people to look at, if BROWSER_SHOTS names a folder for them: they take longer than
 * what a test waits for.
 */
export async function shoot(page: Page, name: string, fullPage = false): Promise<void> {
  const folder = process.env['BROWSER_SHOTS']
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`), fullPage })
}
