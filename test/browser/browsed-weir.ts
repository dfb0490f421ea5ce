/** Weir beside a Chromium in which its pages are opened. */
import assert from 'node:assert/strict'
import { after, before } from 'node:test'

import type { Browser } from 'playwright-core'

import type { NewDashboard } from '../../api/schema/state.ts'
import { launchChromium } from './chromium.ts'
import { openPage, type Opened, type PageOptions } from './opened.ts'
import { startWeir, type RunningWeir, type ServedData } from './weir.ts'

export class BrowsedWeir {
  #weir: RunningWeir | null = null
  #browser: Browser | null = null

  static async start(data?: ServedData): Promise<BrowsedWeir> {
    const started = new BrowsedWeir()
    await started.start(data)
    return started
  }

  async start(data?: ServedData): Promise<void> {
    this.#weir = await startWeir(data)
    this.#browser = await launchChromium()
  }

  get url(): string {
    return this.#weir!.url
  }

  /** Of the API. */
  get pid(): number {
    return this.#weir!.pid
  }

  get browser(): Browser {
    return this.#browser!
  }

  /** Opens a page at a path. */
  open(path: string, options?: PageOptions): Promise<Opened> {
    return openPage(this.browser, this.url + path, options)
  }

  async addDashboard(dashboard: NewDashboard): Promise<void> {
    const answer = await fetch(`${this.url}/api/dashboards`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(dashboard),
    })
    assert.equal(answer.status, 201, await answer.text())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser?.close()
    await this.#weir?.close()
  }
}

/** One for all tests of the `describe` that calls this: started before them, and stopped after. */
export function browsedWeir(data: ServedData | (() => Promise<ServedData>) = {}): BrowsedWeir {
  const weir = new BrowsedWeir()
  before(async () => weir.start(typeof data === 'function' ? await data() : data))
  after(() => weir[Symbol.asyncDispose]())
  return weir
}
