/**
 * Preloaded into a process (NODE_OPTIONS=--import …), writes at its end how late its event loop
 * was: ms beyond a timer's delay, to the file in LOOP_DELAY_FILE. The start, which compiles, is
 * left out.
 */
import { writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

const resolutionMs = 10
const startMs = 6000
const file = process.env['LOOP_DELAY_FILE']

if (isMainThread && file !== undefined) {
  const delays = monitorEventLoopDelay({ resolution: resolutionMs })
  setTimeout(() => delays.enable(), startMs).unref()
  process.on('exit', () => {
    const at = (percent: number) => Math.round(delays.percentile(percent) / 1e5) / 10 - resolutionMs
    writeFileSync(file, JSON.stringify({ p50: at(50), p99: at(99), most: at(100) }))
  })
}
