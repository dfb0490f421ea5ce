/** What stands in somebody's way on a page, by axe-core. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Everything that it finds, in words. */
export async function accessFaults(page: Page): Promise<string[]> {
  // By the debugger, which the content security policy does not bind.
  await page.evaluate(source)
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`,
  )
}

const tabsMax = 120

/** Presses Tab until what has these words, or this name, has the focus. */
export async function reachByTab(page: Page, name: string): Promise<void> {
  for (let i = 0; i < tabsMax; i++) {
    await page.keyboard.press('Tab')
    const at = await page.evaluate(() => {
      const focused = document.activeElement
      return [focused?.getAttribute('aria-label') ?? '', focused?.textContent?.trim() ?? '']
    })
    if (at.includes(name)) return
  }
  throw new Error(`Tab does not reach ${name}`)
}
