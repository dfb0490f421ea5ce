/** Loaded before all else, also by threads: the process lives so many ms ahead, so that a test need not wait for an interval's end. */
const aheadMs = Number(process.env['TEST_CLOCK_AHEAD_MS'] ?? 0)
const now = Date.now
Date.now = () => now() + aheadMs

/** The environment of a process that is to live so many ms ahead. */
export function laterClock(ms: number): Record<string, string> {
  return { TEST_CLOCK_AHEAD_MS: String(ms), NODE_OPTIONS: `--import ${import.meta.url}` }
}
