/** Accessibility faults of a page, found by axe-core. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** All faults, in words. */
export async function accessFaults(page: Page): Promise<string[]> {
  // Through the debugger, to which the content security policy does not apply.
  await page.evaluate(source)
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`,
  )
}

const tabsMax = 120

/** Presses Tab until the element with this text, or this name, has the focus. */
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
