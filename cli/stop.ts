/** What SIGINT and SIGTERM do: they close what runs until it is stopped, and end what ends by itself. */

/** A second signal, or a close that takes longer than this, ends the process at once. */
const closeMsMax = 25_000
/**
 * Signals this close together are one: systemd tells all processes of a session to stop, and `weir
 * start` its two again.
 */
const togetherMs = 1000
export const endingSignals = ['SIGINT', 'SIGTERM'] as const

/**
 * Starts, waits for a signal, closes, and ends the process with exit code 0. A long
 * start may throw the reason of `stopping` once that is aborted.
 * @throws what `start` or `close` throws
 */
export async function runUntilStopped(
  start: (stopping: AbortSignal) => Promise<{ close(): Promise<void> }>,
): Promise<void> {
  const stopping = new AbortController()
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>()
  let toldAt: number | null = null
  const onSignal = () => {
    if (toldAt !== null) {
      if (performance.now() - toldAt > togetherMs) process.exit(1)
      return
    }
    toldAt = performance.now()
    stopping.abort()
    setTimeout(() => {
      console.error(`weir: the stop took longer than ${closeMsMax / 1000} s and was ended`)
      process.exit(1)
    }, closeMsMax).unref()
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

/**
 * Runs a command that ends by itself. A signal still ends the process, and is its status: at once if `left` says
 * what is left to be done, else when `run`, whose signal is aborted, has cleaned up; a second one in any case.
 */
export async function runToEnd(
  run: (stopping: AbortSignal) => Promise<void>,
  left: string | null,
): Promise<void> {
  const stopping = new AbortController()
  let running: Promise<void> = Promise.resolve()
  const onSignal = (name: NodeJS.Signals) => {
    for (const each of endingSignals) process.off(each, onSignal)
    stopping.abort()
    void end(name)
  }
  const end = async (name: NodeJS.Signals) => {
    if (left === null) await Promise.allSettled([running])
    else console.error(`weir: stopped by ${name}: ${left}`)
    process.kill(process.pid, name)
  }
  for (const name of endingSignals) process.on(name, onSignal)
  try {
    await (running = run(stopping.signal))
  } catch (error) {
    // What was stopped has not failed.
    if (stopping.signal.aborted) await new Promise(() => undefined)
    throw error
  } finally {
    for (const name of endingSignals) process.off(name, onSignal)
  }
}
