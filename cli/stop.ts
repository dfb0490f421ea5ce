/** Runs something until SIGINT or SIGTERM, then closes it. */

/** A second signal, or a close that takes longer than this, ends the process at once. */
const closeMsMax = 20_000

/** Starts, waits for a signal, closes; the process then ends by itself with exit code 0. */
export async function runUntilStopped(
  start: () => Promise<{ close(): Promise<void> }>,
): Promise<void> {
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>()
  let signals = 0
  const onSignal = () => {
    if (++signals > 1) process.exit(1)
    stop()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  // Under `weir start` the parent's end is a signal too: nobody else would stop this process.
  process.on('disconnect', onSignal)
  const running = await start()
  process.send?.('ready')
  await stopped
  setTimeout(() => process.exit(1), closeMsMax).unref()
  await running.close()
  process.exit(0)
}
