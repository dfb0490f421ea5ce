/**
 * Wall-clock time in a named time zone, by Intl: the clock time at an instant, and the instant of a
 * clock time. Correct across daylight saving changes.
 */

/** What a wall clock shows. `month` is 1 to 12, `weekday` 1 (Monday) to 7. */
export interface WallTime {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
  weekday: number
}

const dayMs = 86_400_000
/** Formatters are slow to create; a page uses a few zones, a test some dozens. */
const formattersMax = 64
const formatters = new Map<string, Intl.DateTimeFormat>()

/** The clock time in a zone at `t` (unix ms). */
export function wallTime(t: number, zone: string): WallTime {
  const shifted = new Date(Math.floor(t / 1000) * 1000 + zoneOffsetMs(t, zone))
  return {
    year: shifted.getUTCFullYear(),
    month: shifted.getUTCMonth() + 1,
    day: shifted.getUTCDate(),
    hour: shifted.getUTCHours(),
    minute: shifted.getUTCMinutes(),
    second: shifted.getUTCSeconds(),
    weekday: shifted.getUTCDay() || 7,
  }
}

/** How far a zone's clock is ahead of UTC at `t` (unix ms), in ms. */
export function zoneOffsetMs(t: number, zone: string): number {
  const whole = Math.floor(t / 1000) * 1000
  const part: Record<string, number> = {}
  for (const { type, value } of formatter(zone).formatToParts(whole)) part[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
  return Date.UTC(year, month - 1, day, hour, minute, second) - whole
}

/**
 * The instant (unix ms) at which a zone's clock shows the given fields; out-of-range fields carry
 * over (day 0 is the last of the previous month). A time that occurs twice is the first; a skipped
 * one is read with the offset before the change, as in RFC 5545.
 */
export function instantOf(wall: Partial<WallTime> & { year: number }, zone: string): number {
  const { year, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = wall
  const asUtc = Date.UTC(year, month - 1, day, hour, minute, second)
  const before = zoneOffsetMs(asUtc - dayMs, zone)
  const after = zoneOffsetMs(asUtc + dayMs, zone)
  if (zoneOffsetMs(asUtc - before, zone) === before) return asUtc - before
  if (zoneOffsetMs(asUtc - after, zone) === after) return asUtc - after
  return asUtc - before
}

/** Whether a zone's clock shows the time of `t` (unix ms) twice, because it is set back around then. */
export function isTwice(t: number, zone: string): boolean {
  const offsets = [zoneOffsetMs(t - dayMs, zone), zoneOffsetMs(t + dayMs, zone)]
  if (offsets[0] === offsets[1]) return false
  const shown = t + zoneOffsetMs(t, zone)
  return offsets.every((offset) => zoneOffsetMs(shown - offset, zone) === offset)
}

/** A zone's offset at `t` as text: UTC, UTC+1, UTC−3:30. */
export function offsetText(t: number, zone: string): string {
  const minutes = Math.round(zoneOffsetMs(t, zone) / 60_000)
  if (minutes === 0) return 'UTC'
  const size = Math.abs(minutes)
  const rest = size % 60 === 0 ? '' : `:${String(size % 60).padStart(2, '0')}`
  return `UTC${minutes < 0 ? '−' : '+'}${Math.floor(size / 60)}${rest}`
}

/** An instant as ISO 8601 in a zone, to the ms: 2026-11-16T12:32:10.000+01:00; with Z if that is UTC. */
export function isoIn(t: number, zone: string): string {
  // For thousands of flows, mostly requested in UTC, Intl would dominate the time.
  if (zone === 'UTC') return new Date(t).toISOString()
  const minutes = Math.round(zoneOffsetMs(t, zone) / 60_000)
  const wall = new Date(t + minutes * 60_000).toISOString()
  if (minutes === 0) return wall
  const two = (value: number) => String(value).padStart(2, '0')
  const size = Math.abs(minutes)
  const offset = `${two(Math.floor(size / 60))}:${two(size % 60)}`
  return `${wall.slice(0, -1)}${minutes < 0 ? '-' : '+'}${offset}`
}

/** Whether Intl knows this time zone. */
export function isZone(name: string): boolean {
  try {
    formatter(name)
    return true
  } catch {
    return false
  }
}

function formatter(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone)
  if (known) return known
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  if (formatters.size >= formattersMax) formatters.clear()
  formatters.set(zone, made)
  return made
}
