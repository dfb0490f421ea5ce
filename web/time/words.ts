/** Times and ranges as the page writes them, in the chosen zone. */
import { formatDuration } from '../../flow/units.ts'
import { wallTime, zoneOffsetMs } from '../../flow/zone.ts'
import { clockText, dayText } from './ticks.ts'

/** An instant in full: Mon 16 Nov 2026 11:32:10. */
export function instantText(t: number, zone: string): string {
  const wall = wallTime(t, zone)
  return `${dayText(wall)} ${wall.year} ${clockText(wall, true)}`
}

/** An instant in a table: 16 Nov 11:32:10. */
export function shortInstantText(t: number, zone: string): string {
  const wall = wallTime(t, zone)
  return `${dayText(wall).slice(4)} ${clockText(wall, true)}`
}

/** An instant in the form a field accepts: 2026-11-16 11:32:10, without seconds if they are 0. */
export function fieldText(t: number, zone: string): string {
  const wall = wallTime(t, zone)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${wall.year}-${two(wall.month)}-${two(wall.day)}`
  return `${day} ${clockText(wall, wall.second !== 0)}`
}

/** A range in a title: Mon 16 Nov 2026 11:31 – 11:38 · 7 min. */
export function rangeText(fromMs: number, toMs: number, zone: string): string {
  const from = wallTime(fromMs, zone)
  const to = wallTime(toMs, zone)
  const seconds = from.second !== 0 || to.second !== 0
  const clock = (wall: typeof from) => clockText(wall, seconds)
  const length = formatDuration((toMs - fromMs) / 1000)
  const sameDay = from.year === to.year && from.month === to.month && from.day === to.day
  const start = `${dayText(from)} ${from.year} ${clock(from)}`
  const end = sameDay ? clock(to) : `${dayText(to)} ${to.year} ${clock(to)}`
  return `${start} – ${end} · ${length}`
}

/** One step under the cursor: Mon 16 Nov 11:32:10 – 11:32:15. */
export function stepText(fromMs: number, toMs: number, zone: string): string {
  const from = wallTime(fromMs, zone)
  const to = wallTime(toMs, zone)
  const seconds = from.second !== 0 || to.second !== 0 || toMs - fromMs < 60_000
  const whole = toMs - fromMs >= 86_400_000
  if (whole) return `${dayText(from)} ${from.year}`
  // If the clock is set back within the step, its end would read like its start.
  const turned = zoneOffsetMs(fromMs, zone) !== zoneOffsetMs(toMs, zone)
  const end = turned ? `${clockText(to, seconds)} (clock changed)` : clockText(to, seconds)
  return `${dayText(from)} ${clockText(from, seconds)} – ${end}`
}

/** A text of the API with the instants in it, ISO 8601 in UTC, as the page writes them. */
export function localText(text: string, zone: string): string {
  return text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, (instant) =>
    instantText(Date.parse(instant), zone),
  )
}

/** An instant in an address: ISO 8601 in UTC, as short as it can be without losing a second. */
export function isoText(t: number): string {
  return new Date(Math.round(t)).toISOString().replace('.000Z', 'Z')
}
