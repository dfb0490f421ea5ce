/** Accessibility faults of a page, found by axe-core. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

import { painted, shoot } from './opened.ts'

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

/** That a page has no faults in both themes, which change as when a user's system goes over to night. */
export async function assertAccessible(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await painted(page)
    assert.deepEqual(await accessFaults(page), [], `${name} ${colorScheme}`)
    await shoot(page, `${name}-${colorScheme}`)
  }
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
