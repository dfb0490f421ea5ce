/**
 * Preloaded, in threads too: shifts the process's clock ahead by this many ms, so that a test need
 * not wait for an interval's end.
 */
const aheadMs = Number(process.env['TEST_CLOCK_AHEAD_MS'] ?? 0)
const now = Date.now
Date.now = () => now() + aheadMs

/** The environment of a process whose clock is ahead by this many ms. */
export function laterClock(ms: number): Record<string, string> {
  return { TEST_CLOCK_AHEAD_MS: String(ms), NODE_OPTIONS: `--import ${import.meta.url}` }
}
