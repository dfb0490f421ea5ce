/**
 * Times as people and tools write them: ISO 8601, unix seconds, unix milliseconds (13 digits, as in
 * Grafana's links), and Grafana's relative times such as now-6h, now/d, now-1M/M, now/d+8h.
 */
import { fromLocal, toLocal, type LocalTime } from './calendar.ts'

export interface TimeContext {
  /** unix ms */
  now: number
  /** IANA zone of now/d and of times without an offset. */
  zone: string
  /** Whether now/d means the day's end, as it does for `to`. */
  isEnd: boolean
}

/** Times outside of this (1970 to 2100, unix ms) are slips of the pen. */
const latestTime = Date.UTC(2100, 0, 1)

/** Parts of a relative time; more is no time that anybody writes. */
const partsMax = 8

/** A time as unix ms, or null where the text is none. */
export function parseTime(text: string, context: TimeContext): number | null {
  // A plus that was not escaped arrives as a space.
  const plain = text.trim().replace(/ (?=\d)/g, /^\d{4}-\d{2}-\d{2} \d/.test(text) ? ' ' : '+')
  const t = unixTime(plain) ?? relativeTime(plain, context) ?? isoTime(plain, context.zone)
  return t !== null && t >= 0 && t <= latestTime ? t : null
}

function unixTime(text: string): number | null {
  if (/^\d{13}$/.test(text)) return Number(text)
  return /^\d{1,10}(\.\d{1,9})?$/.test(text) ? Math.round(Number(text) * 1000) : null
}

const iso =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i

function isoTime(text: string, zone: string): number | null {
  const match = iso.exec(text)
  if (!match) return null
  const part = (i: number) => Number(match[i] ?? 0)
  const local: LocalTime = {
    year: part(1),
    month: part(2),
    day: part(3),
    hour: part(4),
    minute: part(5),
    second: part(6),
  }
  if (!exists(local)) return null
  const ms = Math.floor(Number(`0.${match[7] ?? '0'}`) * 1000)
  const offset = match[8]
  if (offset === undefined) return fromLocal(local, zone) + ms
  const minutes = offsetMinutes(offset)
  return minutes === null ? null : fromLocal(local, 'UTC') + ms - minutes * 60_000
}

/** Whether the calendar and the clock have this time (no 31 February, no 25 o'clock). */
function exists({ year, month, day, hour, minute, second }: LocalTime): boolean {
  const date = new Date(Date.UTC(year, month - 1, day))
  const isDate = date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  return isDate && hour < 24 && minute < 60 && second < 60
}

function offsetMinutes(text: string): number | null {
  if (text.toUpperCase() === 'Z') return 0
  const hours = Number(text.slice(1, 3))
  const minutes = Number(text.slice(3).replace(':', '') || 0)
  if (hours > 14 || minutes > 59) return null
  return (text.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}

/** How far one part of a relative time may reach, in days: beyond, calendars fail. */
const reachDaysMax = 150 * 366
const unitDays: Record<string, number> = { s: 1e-5, m: 1e-3, h: 0.04, d: 1, w: 7, M: 31, Q: 92, y: 366 } // prettier-ignore

const fixedMs: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000 }

/** Units of the calendar: how one is added, and where the one that holds a time begins. Weeks begin on Monday. */
const calendarUnits: Record<
  string,
  { add: (at: LocalTime, n: number) => LocalTime; start: (at: LocalTime) => LocalTime }
> = {
  s: { add: (at, n) => ({ ...at, second: at.second + n }), start: (at) => at },
  m: { add: (at, n) => ({ ...at, minute: at.minute + n }), start: (at) => ({ ...at, second: 0 }) },
  h: {
    add: (at, n) => ({ ...at, hour: at.hour + n }),
    start: (at) => ({ ...at, minute: 0, second: 0 }),
  },
  d: { add: (at, n) => ({ ...at, day: at.day + n }), start: midnight },
  w: {
    add: (at, n) => ({ ...at, day: at.day + 7 * n }),
    start: (at) => midnight({ ...at, day: at.day - weekday(at) }),
  },
  M: { add: addMonths, start: (at) => midnight({ ...at, day: 1 }) },
  Q: {
    add: (at, n) => addMonths(at, 3 * n),
    start: (at) => midnight({ ...at, month: at.month - ((at.month - 1) % 3), day: 1 }),
  },
  y: {
    add: (at, n) => addMonths(at, 12 * n),
    start: (at) => midnight({ ...at, month: 1, day: 1 }),
  },
}

function midnight(at: LocalTime): LocalTime {
  return { ...at, hour: 0, minute: 0, second: 0 }
}

/** Days since Monday. */
function weekday({ year, month, day }: LocalTime): number {
  return (new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7
}

/** Months on, on the same day, or the last of a month that is shorter. */
function addMonths(at: LocalTime, n: number): LocalTime {
  const months = at.year * 12 + at.month - 1 + n
  const year = Math.floor(months / 12)
  const month = (months % 12) + 1
  const days = new Date(Date.UTC(year, month, 0)).getUTCDate()
  return { ...at, year, month, day: Math.min(at.day, days) }
}

function relativeTime(text: string, context: TimeContext): number | null {
  if (!/^now([+-]\d{1,6}[smhdwMQy]|\/[smhdwMQy])*$/.test(text)) return null
  const parts = [...text.matchAll(/([+-])(\d+)([smhdwMQy])|\/([smhdwMQy])/g)]
  if (parts.length > partsMax) return null
  if (parts.some(([, , n, unit]) => unit && Number(n) * unitDays[unit]! > reachDaysMax)) return null
  let t = context.now
  for (const [, sign, amount, unit, rounding] of parts)
    t =
      rounding === undefined
        ? add(t, sign === '-' ? -Number(amount) : Number(amount), { unit: unit!, ...context })
        : round(t, rounding, context)
  return t
}

function add(t: number, n: number, { unit, zone }: { unit: string; zone: string }): number {
  const ms = fixedMs[unit]
  if (ms !== undefined) return t + n * ms
  return fromLocal(calendarUnits[unit]!.add(toLocal(t, zone), n), zone) + (t % 1000)
}

function round(t: number, unit: string, { zone, isEnd }: TimeContext): number {
  const { start, add: addUnit } = calendarUnits[unit]!
  const begin = start(toLocal(t, zone))
  return fromLocal(isEnd ? addUnit(begin, 1) : begin, zone)
}
