/**
 * Whether a server still answers while a request waits for it. A query may take its time, but a
 * server that answers no ping either hangs, and nobody should wait as long for that.
 */
import { setTimeout as sleep } from 'node:timers/promises'

/** A request without an answer for this long has its server pinged, again and again. */
const quietMs = 1000
/** A server hangs if a ping has no answer by then. */
const pingMsMax = 2000

/** What is wrong with a server that hangs. */
export const noPulse = 'no answer, not even to a ping'

export class Pulse {
  /** Pings in flight by URL: requests share them. */
  readonly #pings = new Map<string, Promise<boolean>>()

  /**
   * Runs a request to a server with a signal that is aborted if the server hangs. `url` has no slash
   * at its end; InfluxDB and ClickHouse answer its `/ping` to everybody.
   */
  async during<Answer>(
    url: string,
    request: (isHung: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> {
    const hung = new AbortController()
    const ended = new AbortController()
    void this.#watch(url, hung, ended.signal)
    try {
      return await request(hung.signal)
    } finally {
      ended.abort()
    }
  }

  async #watch(url: string, hung: AbortController, ended: AbortSignal): Promise<void> {
    const hasEnded = () => sleep(quietMs, false, { signal: ended }).catch(() => true)
    while (!(await hasEnded())) if (!(await this.#answers(url))) return hung.abort()
  }

  #answers(url: string): Promise<boolean> {
    let ping = this.#pings.get(url)
    if (!ping) {
      ping = isAnswered(`${url}/ping`).finally(() => this.#pings.delete(url))
      this.#pings.set(url, ping)
    }
    return ping
  }
}

/** Whether anything answers at a URL in time, be it an error. */
async function isAnswered(url: string): Promise<boolean> {
  const late = new AbortController()
  // After a pause of this process, an answer that has come meanwhile is seen before it is late.
  const timer = setTimeout(() => setImmediate(() => late.abort()), pingMsMax)
  try {
    const { body } = await fetch(url, { signal: late.signal })
    await body?.cancel()
    return true
  } catch {
    return false
  } finally {
    clearTimeout(timer)
  }
}
