/** Debian's Chromium, in which the page is tested: the one without windows, which needs half the CPU. */
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

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium-headless-shell', args })
}
