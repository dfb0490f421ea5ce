/** Whether an exporter restarted, from the clocks in its headers. */
import { distance } from './missing.ts'
import { wordSize } from '../steps/numbers.ts'

export interface Clocks {
  /** Uptime in ms mod 2^32, or -1 if the version has none. */
  uptimeMs: number
  /** unix ms, the exporter's clock */
  exportMs: number
}

/**
 * No exporter numbers more units than this per second: a number further ahead is one of a restart,
 * which may begin anywhere. IPFIX has no uptime that would show it.
 */
const unitsPerSecondMax = 10_000_000

/** How many units an exporter can have numbered between two datagrams, by its clock of whole seconds. */
function unitsMaxBetween(last: Clocks, now: Clocks): number {
  const passedMs = Math.max(0, now.exportMs - last.exportMs)
  return unitsPerSecondMax * (1 + passedMs / 1000)
}

/** A gap this large that passes 0 and ends soon after it, in this part of the gap, is none: a restart begins at 0. */
const gapPastZeroMin = 100_000
const soonPart = 0.01

/**
 * Whether a number ahead of the expected one is that of a restart: by as many, within this time, no
 * exporter gets ahead.
 */
export function beginsAnew(
  { first, ahead }: { first: number; ahead: number },
  last: Clocks,
  now: Clocks,
): boolean {
  const isSoonPastZero = ahead > gapPastZeroMin && first < soonPart * ahead
  return isSoonPastZero || ahead > unitsMaxBetween(last, now)
}

/** Uptime may seem to drop this far without a restart: export times are in whole seconds. */
const toleranceMs = 2500

/**
 * Whether uptime dropped. It also drops in an old datagram (whose export time is older too) and
 * when it wraps (which keeps the boot time mod 2^32): neither is a restart.
 */
export function hasRestarted(last: Clocks, now: Clocks): boolean {
  if (!haveUptime(last, now)) return false
  return distance(last.uptimeMs, now.uptimeMs) < 0 && bootMovedMs(last, now) > toleranceMs
}

/** Whether two datagrams, in this order, are of the same start of an exporter: false without uptimes. */
export function hasKeptRunning(last: Clocks, now: Clocks): boolean {
  if (!haveUptime(last, now)) return false
  const isLater = distance(last.uptimeMs, now.uptimeMs) >= 0
  return isLater && Math.abs(bootMovedMs(last, now)) <= toleranceMs
}

function haveUptime(last: Clocks, now: Clocks): boolean {
  return now.uptimeMs >= 0 && last.uptimeMs >= 0
}

/** How much later the exporter started by the later of two datagrams, mod 2^32. */
function bootMovedMs(last: Clocks, now: Clocks): number {
  const uptime = distance(last.uptimeMs, now.uptimeMs)
  return ((now.exportMs - last.exportMs - uptime) % wordSize) | 0
}
