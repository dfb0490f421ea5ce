/** Times and ranges as the page writes them, in the chosen zone. */
import { formatDuration } from '../../flow/units.ts'
import { isoIn, isTwice, offsetText, wallTime, zoneOffsetMs } from '../../flow/zone.ts'
import { clockText, dayText } from './ticks.ts'

/** A time of day: 11:32:10, then `fraction`; one that the clock shows twice has its offset: 02:30:00 UTC+1. */
export function timeOfDay(t: number, zone: string, fraction = ''): string {
  return `${clockText(wallTime(t, zone), true)}${fraction}${offsetIfTwice(t, zone)}`
}

function minuteOfDay(t: number, zone: string): string {
  return `${clockText(wallTime(t, zone), false)}${offsetIfTwice(t, zone)}`
}

function offsetIfTwice(t: number, zone: string): string {
  return isTwice(t, zone) ? ` ${offsetText(t, zone)}` : ''
}

/** An instant in full: Mon 16 Nov 2026 11:32:10. */
export function instantText(t: number, zone: string): string {
  const wall = wallTime(t, zone)
  return `${dayText(wall)} ${wall.year} ${timeOfDay(t, zone)}`
}

/** An instant in a table: 16 Nov 11:32:10. */
export function shortInstantText(t: number, zone: string): string {
  const wall = wallTime(t, zone)
  return `${dayText(wall).slice(4)} ${timeOfDay(t, zone)}`
}

/**
 * An instant in the form a field accepts: 2026-11-16 11:32:10, without seconds if they are 0. One
 * that the clock shows twice has its offset (2026-10-25 02:30 +01:00), or it would be read as the first.
 */
export function fieldText(t: number, zone: string): string {
  const wall = wallTime(t, zone)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${wall.year}-${two(wall.month)}-${two(wall.day)}`
  const offset = isTwice(t, zone) ? ` ${/Z$|[+-][\d:]+$/.exec(isoIn(t, zone))![0]}` : ''
  return `${day} ${clockText(wall, wall.second !== 0)}${offset}`
}

/** A range in a title: Mon 16 Nov 2026 11:31 – 11:38 · 7 min. */
export function rangeText(fromMs: number, toMs: number, zone: string): string {
  const from = wallTime(fromMs, zone)
  const to = wallTime(toMs, zone)
  const seconds = from.second !== 0 || to.second !== 0
  const clock = seconds ? timeOfDay : minuteOfDay
  const length = formatDuration((toMs - fromMs) / 1000)
  const sameDay = from.year === to.year && from.month === to.month && from.day === to.day
  const start = `${dayText(from)} ${from.year} ${clock(fromMs, zone)}`
  const end = sameDay ? clock(toMs, zone) : `${dayText(to)} ${to.year} ${clock(toMs, zone)}`
  return `${start} – ${end} · ${length}`
}

/** One step under the cursor: Mon 16 Nov 11:32:10 – 11:32:15; a day of the zone: Mon 16 Nov 2026. */
export function stepText(fromMs: number, toMs: number, zone: string): string {
  const from = wallTime(fromMs, zone)
  const to = wallTime(toMs, zone)
  const seconds = from.second !== 0 || to.second !== 0 || toMs - fromMs < 60_000
  const clock = seconds ? timeOfDay : minuteOfDay
  const [start, end] = [clock(fromMs, zone), clock(toMs, zone)]
  if (toMs - fromMs >= 86_400_000) {
    const day = `${dayText(from)} ${from.year}`
    // Daily totals are of days in UTC: elsewhere, most of one may be on the day after its start.
    const isOwnDay = from.hour === 0 && from.minute === 0
    return isOwnDay ? day : `${day} ${start} – ${dayText(to)} ${end}`
  }
  const turned = zoneOffsetMs(fromMs, zone) !== zoneOffsetMs(toMs, zone)
  return `${dayText(from)} ${start} – ${end}${turned ? ' (clock changed)' : ''}`
}

/**
 * A text of the API with the instants in it, ISO 8601 in UTC, as the page writes them; the day of
 * each once in a row.
 */
export function localText(text: string, zone: string): string {
  let dayBefore = ''
  return text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, (instant) => {
    const t = Date.parse(instant)
    const wall = wallTime(t, zone)
    const day = `${dayText(wall)} ${wall.year}`
    const isSame = day === dayBefore
    dayBefore = day
    return isSame ? timeOfDay(t, zone) : instantText(t, zone)
  })
}

/** An instant in an address: ISO 8601 in UTC, as short as it can be without losing a second. */
export function isoText(t: number): string {
  return new Date(Math.round(t)).toISOString().replace('.000Z', 'Z')
}
