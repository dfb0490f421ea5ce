/** Repeats a request as long as something is shown: never two at once, slower while it fails. */

/** Delay of the first retry after a failure; it doubles with each, up to the longest. */
const retryMinMs = 2000
const retryMaxMs = 60_000

/**
 * Calls `ask` now and again `everyMs` after each call ends; returns the function that stops this.
 * If `ask` throws, that counts as a failure that it has already reported.
 */
export function repeat(everyMs: number, ask: (ended: AbortSignal) => Promise<void>): () => void {
  const controller = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  let retryMs = retryMinMs
  const run = async () => {
    let waitMs = everyMs
    try {
      await ask(controller.signal)
      retryMs = retryMinMs
    } catch {
      waitMs = retryMs
      retryMs = Math.min(retryMaxMs, retryMs * 2)
    }
    if (!controller.signal.aborted) timer = setTimeout(() => void run(), waitMs)
  }
  void run()
  return () => {
    controller.abort()
    clearTimeout(timer)
  }
}
