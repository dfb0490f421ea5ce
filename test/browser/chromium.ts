/** Debian's Chromium, in which the page is tested. */
import { existsSync } from 'node:fs'

import { chromium, type Browser } from 'playwright-core'

/** No sandbox in containers, no background network access. */
const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** The one without windows needs half the CPU. */
const paths = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium']

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: paths.find((path) => existsSync(path))!, args })
}
