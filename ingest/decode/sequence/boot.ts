/** Whether an exporter was started anew, from the two clocks in its headers. */
import { distance } from './missing.ts'
import { wordSize } from '../steps/numbers.ts'

export interface Clocks {
  /** Uptime in ms mod 2^32, or -1 where the version has none. */
  uptimeMs: number
  /** unix ms, the exporter's clock */
  exportMs: number
}

/** Uptime may seem to fall this far without a restart: export times are whole seconds. */
const toleranceMs = 2500

/**
 * Uptime fell, and not because the datagram is an old one (then its export time fell as well), nor
 * because it wrapped (then the time of boot stays the same mod 2^32).
 */
export function hasRestarted(last: Clocks, now: Clocks): boolean {
  if (now.uptimeMs < 0 || last.uptimeMs < 0) return false
  const uptime = distance(last.uptimeMs, now.uptimeMs)
  const bootMoved = ((now.exportMs - last.exportMs - uptime) % wordSize) | 0
  return uptime < 0 && bootMoved > toleranceMs
}
