/**
 * Times as typed in queries and URLs: `now-6h`, `now/d`, `now-1M/M` (Grafana's grammar), ISO 8601
 * with or without zone, unix seconds or milliseconds.
 */
import { instantOf, wallTime, type WallTime } from './zone.ts'

/** The position of a time in a range: at the end, `/d` rounds up to the day's end, as in Grafana. */
type RangeSide = 'from' | 'to'

export interface TimeContext {
  /** unix ms */
  now: number
  /** IANA zone for the start of days and for times without a zone. */
  zone: string
  side: RangeSide
}

type Field = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second'

/** The units of the grammar: the clock field that each moves, and by how much. */
const units: Record<string, { field: Field; times: number }> = {
  s: { field: 'second', times: 1 },
  m: { field: 'minute', times: 1 },
  h: { field: 'hour', times: 1 },
  d: { field: 'day', times: 1 },
  w: { field: 'day', times: 7 },
  M: { field: 'month', times: 1 },
  Q: { field: 'month', times: 3 },
  y: { field: 'year', times: 1 },
}
/** Units of fixed length; the others follow the calendar. */
const fixedMs: Partial<Record<Field, number>> = { second: 1000, minute: 60_000, hour: 3_600_000 }

/** Times after this (the beginning of 2100) are typing errors. */
const latestMs = 4_102_444_800_000
/** The largest UTC offset of any time zone, in hours. */
const offsetHoursMax = 14

/** The instant (unix ms) that a text stands for, or null if it is invalid. */
export function parseTime(text: string, context: TimeContext): number | null {
  const trimmed = text.trim()
  const t = isRelative(trimmed)
    ? relative(trimmed, context)
    : (unix(trimmed) ?? iso(trimmed, context.zone))
  return t !== null && t >= 0 && t <= latestMs ? t : null
}

/** Whether a text is relative to now, so that its range moves. */
export function isRelative(text: string): boolean {
  return text.trim().startsWith('now')
}

/** Whether a text means different instants in different zones: calendar units and times without a zone do. */
export function dependsOnZone(text: string): boolean {
  const trimmed = text.trim()
  if (isRelative(trimmed)) return /[dwMQy/]/.test(trimmed.slice('now'.length))
  const match = isoForm.exec(trimmed)
  return match !== null && match[8] === undefined
}

function relative(text: string, context: TimeContext): number | null {
  if (!/^now([+-]\d{1,5}[dwMQy]|[+-]\d{1,10}[smh]|\/[smhdwMQy])*$/.test(text)) return null
  const { zone } = context
  let t = context.now
  for (const [, sign, count, unit = ''] of text.matchAll(/([+-]|\/)(\d*)([smhdwMQy])/g)) {
    const way = sign === '-' ? -1 : 1
    t = sign === '/' ? rounded(t, unit, context) : moved(t, way * Number(count), { unit, zone })
    // Beyond this JavaScript's calendar ends, and another step would throw.
    if (!(Math.abs(t) < latestMs)) return null
  }
  return t
}

/** `t` moved by a number of units: hours and less by length, days and more by calendar. */
export function moved(
  t: number,
  count: number,
  { unit, zone }: { unit: string; zone: string },
): number {
  const { field, times } = units[unit]!
  const length = fixedMs[field]
  if (length !== undefined) return t + count * times * length
  const wall = wallTime(t, zone)
  const target = { ...wall, [field]: wall[field] + count * times }
  if (field !== 'day') target.day = Math.min(wall.day, daysInMonth(target))
  return instantOf(target, zone) + (t - Math.floor(t / 1000) * 1000)
}

function daysInMonth({ year, month }: WallTime): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate()
}

function rounded(t: number, unit: string, { zone, side }: TimeContext): number {
  const wall = wallTime(t, zone)
  const length = fixedMs[units[unit]!.field]
  // An hour that the clock shows twice is ambiguous by name, so round it by length.
  if (length !== undefined) {
    const into = (wall.minute * 60 + wall.second) * 1000 + (t % 1000)
    const start = t - (into % length)
    return side === 'to' ? start + length : start
  }
  const start = startOf(wall, unit)
  if (side === 'from') return instantOf(start, zone)
  // By calendar, not from the start's own clock time: that is 1:00 if clocks go forward at midnight.
  const { field, times } = units[unit]! as { field: 'year' | 'month' | 'day'; times: number }
  return instantOf({ ...start, [field]: start[field] + times }, zone)
}

function startOf(wall: WallTime, unit: string): { year: number; month: number; day: number } {
  const { year, month, day, weekday } = wall
  const starts: Record<string, { year: number; month: number; day: number }> = {
    w: { year, month, day: day - (weekday - 1) },
    M: { year, month, day: 1 },
    Q: { year, month: month - ((month - 1) % 3), day: 1 },
    y: { year, month: 1, day: 1 },
  }
  return starts[unit] ?? { year, month, day }
}

function unix(text: string): number | null {
  if (/^\d{13}$/.test(text)) return Number(text)
  return /^(0|\d{9,10}(\.\d{1,9})?)$/.test(text) ? Math.round(Number(text) * 1000) : null
}

const isoForm =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)?$/i

function iso(text: string, zone: string): number | null {
  const match = isoForm.exec(text)
  if (!match) return null
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((field) => Number(field ?? 0))
  const ms = Math.round(Number(`0.${match[7] ?? 0}`) * 1000)
  const asUtc = new Date(Date.UTC(year, month - 1, day, hour, minute, second))
  const sound =
    asUtc.getUTCMonth() === month - 1 && asUtc.getUTCDate() === day && hour < 24 && minute < 60
  if (!sound || second > 59) return null
  const offset = match[8]
  if (offset === undefined) return instantOf({ year, month, day, hour, minute, second }, zone) + ms
  const aheadMs = offsetMs(offset)
  return aheadMs === null ? null : asUtc.getTime() + ms - aheadMs
}

/** The offset of an ISO 8601 time, such as `+05:30`, ahead of UTC in ms; null if there is no such zone. */
function offsetMs(offset: string): number | null {
  const parts = /^([+-])(\d\d):?(\d\d)?$/.exec(offset)
  // Z or UTC.
  if (!parts) return 0
  const [hours, minutes] = [Number(parts[2]), Number(parts[3] ?? 0)]
  if (hours > offsetHoursMax || minutes > 59) return null
  const ms = (hours * 60 + minutes) * 60_000
  return parts[1] === '-' ? -ms : ms
}
