/** Calendar time in a zone: what units such as a day or a month are there, across DST changes. */

/** A moment as a clock in a zone shows it; month from 1. */
export interface LocalTime {
  year: number
  month: number
  day: number
  hour: number
  minute: number
  second: number
}

/** Zones whose formatter is kept; one more and all are made anew. */
const formattersMax = 64
const formatters = new Map<string, Intl.DateTimeFormat>()

/** Whether the platform knows the zone. */
export function isTimeZone(zone: string): boolean {
  try {
    formatter(zone)
    return true
  } catch {
    return false
  }
}

/** What the clock in `zone` shows at `t` (unix ms; fractions of a second are cut). */
export function toLocal(t: number, zone: string): LocalTime {
  const at: Record<string, number> = {}
  for (const { type, value } of formatter(zone).formatToParts(t)) at[type] = Number(value)
  const part = (name: string) => at[name] ?? 0
  return {
    year: part('year'),
    month: part('month'),
    day: part('day'),
    hour: part('hour'),
    minute: part('minute'),
    second: part('second'),
  }
}

/**
 * When the clock in `zone` shows a time (unix ms). Parts beyond their range carry over (month 13 is
 * January). A time that a DST change skips is taken as the moment of the change's other side; one
 * that comes twice as its first.
 */
export function fromLocal(local: LocalTime, zone: string): number {
  const { year, month, day, hour, minute, second } = local
  const wall = Date.UTC(year, month - 1, day, hour, minute, second)
  const early = wall - offset(wall - 86_400_000, zone)
  const late = wall - offset(wall + 86_400_000, zone)
  if (early + offset(early, zone) === wall) return early
  return late + offset(late, zone) === wall ? late : Math.max(early, late)
}

function offset(t: number, zone: string): number {
  const { year, month, day, hour, minute, second } = toLocal(t, zone)
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(t / 1000) * 1000
}

function formatter(zone: string): Intl.DateTimeFormat {
  let made = formatters.get(zone)
  if (!made) {
    made = new Intl.DateTimeFormat('en-u-ca-iso8601', {
      timeZone: zone,
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
  }
  return made
}
