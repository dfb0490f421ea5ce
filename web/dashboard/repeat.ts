/** Repeats a request as long as something is shown: never two at once, slower while it fails. */
import { RequestError } from '../client.ts'

/** Delay of the first retry after a failure; it doubles with each, up to the longest. */
const retryMinMs = 2000
const retryMaxMs = 60_000

/**
 * Calls `ask` now and again `everyMs` after each call ends; returns the function that stops this.
 * `failed` is told why a call failed.
 */
export function repeat(
  everyMs: number,
  ask: (ended: AbortSignal) => Promise<void>,
  failed: (error: RequestError) => void,
): () => void {
  const controller = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  let retryMs = retryMinMs
  const run = async () => {
    let waitMs = everyMs
    try {
      await ask(controller.signal)
      retryMs = retryMinMs
    } catch (error) {
      if (controller.signal.aborted) return
      waitMs = retryMs
      retryMs = Math.min(retryMaxMs, retryMs * 2)
      if (error instanceof RequestError) failed(error)
      // A fault of the page itself must be seen, and what runs for months goes on.
      else reportError(error)
    }
    if (!controller.signal.aborted) timer = setTimeout(() => void run(), waitMs)
  }
  void run()
  return () => {
    controller.abort()
    clearTimeout(timer)
  }
}
