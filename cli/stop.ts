/** Runs something until SIGINT or SIGTERM, then closes it. */

/** A second signal, or a close that takes longer than this, ends the process at once. */
const closeMsMax = 25_000

/**
 * Starts, waits for a signal, closes; the process then ends by itself with exit code 0. A long
 * start may throw the reason of `stopping` once that is aborted.
 */
export async function runUntilStopped(
  start: (stopping: AbortSignal) => Promise<{ close(): Promise<void> }>,
): Promise<void> {
  const stopping = new AbortController()
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>()
  let signals = 0
  const onSignal = () => {
    if (++signals > 1) process.exit(1)
    stopping.abort()
    setTimeout(() => process.exit(1), closeMsMax).unref()
    stop()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  // Under `weir start` the parent's exit counts as a signal: nobody else would stop this process.
  process.on('disconnect', onSignal)
  // It may have gone while this process was loading.
  if (process.send && !process.connected) onSignal()
  const running = await start(stopping.signal).catch((error: unknown) => {
    if (error !== stopping.signal.reason) throw error
    process.exit(0)
  })
  await stopped
  await running.close()
  process.exit(0)
}
