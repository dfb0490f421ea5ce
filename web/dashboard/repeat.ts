/** Asking again and again for as long as something is shown: never twice at once, slower while it fails. */

/** After a failure it is tried again so soon, and each time twice as late, up to the longest. */
const retryMinMs = 2000
const retryMaxMs = 60_000

/**
 * Calls `ask` now and every `everyMs` after its end; the function that is returned ends it. What
 * `ask` throws counts as a failure, which it has told itself.
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
