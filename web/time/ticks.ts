/**
 * Divisions and labels of the time axis: natural steps of the clock, in the wall time of the chosen
 * zone. (uPlot's own time zones are wrong around daylight saving.)
 */
import { instantOf, offsetText, wallTime, zoneOffsetMs, type WallTime } from '../../flow/zone.ts'

type TickField = 'second' | 'minute' | 'hour' | 'day' | 'month' | 'year'

/** A division of the axis: every `count` of a clock field; `ms` is its usual length. */
export interface TickStep {
  field: TickField
  count: number
  ms: number
}

const fieldMs: Record<TickField, number> = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  month: 30.44 * 86_400_000,
  year: 365.25 * 86_400_000,
}

const counts: readonly [TickField, readonly number[]][] = [
  ['second', [1, 2, 5, 10, 15, 30]],
  ['minute', [1, 2, 5, 10, 15, 30]],
  ['hour', [1, 2, 3, 6, 12]],
  ['day', [1, 2, 7, 14]],
  ['month', [1, 2, 3, 6]],
  ['year', [1, 2, 5, 10]],
]

const steps: readonly TickStep[] = counts.flatMap(([field, list]) =>
  list.map((count) => ({ field, count, ms: count * fieldMs[field] })),
)

/** More ticks than a screen has space for: a guard against a nonsensical window. */
const ticksMax = 500

/** The finest step that divides a window into at most `most` parts. */
export function tickStep(fromMs: number, toMs: number, most: number): TickStep {
  const fits = steps.find((step) => (toMs - fromMs) / step.ms <= most)
  return fits ?? steps.at(-1)!
}

/** The instants (unix ms) in [from, to] at which a zone's clock shows a multiple of the step. */
export function tickTimes(range: [number, number], step: TickStep, zone: string): number[] {
  return step.ms <= fieldMs.hour ? evenTimes(range, step.ms, zone) : wallTimes(range, step, zone)
}

/** Steps of an hour or less are even: times the clock skips are left out, times it repeats come twice. */
function evenTimes([fromMs, toMs]: [number, number], stepMs: number, zone: string): number[] {
  const times: number[] = []
  // If the clock changes by less than a step, the next multiple is nearer or farther than one step.
  const onStep = (t: number) => {
    const past = (t + zoneOffsetMs(t, zone)) % stepMs
    return past === 0 ? t : t - past + stepMs
  }
  for (let t = onStep(onStep(fromMs)); t <= toMs && times.length < ticksMax; t = onStep(t + stepMs))
    times.push(t)
  return times
}

/** Longer steps follow the clock: 0, 6, 12 and 18 o'clock even on a day of 23 hours. */
function wallTimes([fromMs, toMs]: [number, number], step: TickStep, zone: string): number[] {
  const times: number[] = []
  let wall = floorWall(wallTime(fromMs, zone), step)
  for (let i = 0; i < ticksMax; i++) {
    const t = instantOf(wall, zone)
    if (t > toMs) break
    // A time that the clock skips is read as the following one: not a tick.
    const shown = wallTime(t, zone)[step.field] === normalised(wall)[step.field]
    if (t >= fromMs && shown && !isCrowded(wall, step)) times.push(t)
    wall = next(wall, step)
  }
  return times
}

/** Every second day counts from the first of the month, so the 31st is too close to it. */
function isCrowded(wall: WallTime, { field, count }: TickStep): boolean {
  return field === 'day' && count === 2 && wall.day === 31
}

function isClockStep(step: TickStep): boolean {
  return step.field === 'second' || step.field === 'minute' || step.field === 'hour'
}

function floorWall(wall: WallTime, { field, count }: TickStep): WallTime {
  const floor = (value: number) => value - (value % count)
  const { year, month, day, hour, minute, second } = wall
  const zero = { ...wall, second: 0, minute: 0, hour: 0 }
  const floors: Record<TickField, WallTime> = {
    second: { ...wall, second: floor(second) },
    minute: { ...zero, hour, minute: floor(minute) },
    hour: { ...zero, hour: floor(hour) },
    day: { ...zero, day: count >= 7 ? day - daysInto(wall, count) : day - ((day - 1) % count) },
    month: { ...zero, day: 1, month: month - ((month - 1) % count) },
    year: { ...zero, day: 1, month: 1, year: floor(year) },
  }
  return floors[field]
}

/** Days since the Monday that begins a division of one or two weeks, the same in every window. */
function daysInto({ year, month, day }: WallTime, count: number): number {
  const monday = Date.UTC(1970, 0, 5)
  return ((Date.UTC(year, month - 1, day) - monday) / fieldMs.day) % count
}

function next(wall: WallTime, { field, count }: TickStep): WallTime {
  const moved = normalised({ ...wall, [field]: wall[field] + count })
  if (field === 'day' && count === 2 && moved.month !== wall.month) return { ...moved, day: 1 }
  return moved
}

function normalised(wall: WallTime): WallTime {
  const { year, month, day, hour, minute, second } = wall
  return wallTime(Date.UTC(year, month - 1, day, hour, minute, second), 'UTC')
}

const monthNames = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')
const dayNames = 'Mon Tue Wed Thu Fri Sat Sun'.split(' ')

/** A day as on the page: Mon 16 Nov. */
export function dayText({ weekday, day, month }: WallTime): string {
  return `${dayNames[weekday - 1]} ${day} ${monthNames[month - 1]}`
}

/** A time of day as on the page: 11:32, with seconds 11:32:10. */
export function clockText({ hour, minute, second }: WallTime, seconds: boolean): string {
  const fields = seconds ? [hour, minute, second] : [hour, minute]
  return fields.map((field) => String(field).padStart(2, '0')).join(':')
}

/**
 * The text at each tick. A second line has the day (or year) at the first tick and where it
 * changes, and the new offset after a clock change.
 */
export function tickLabels(times: readonly number[], step: TickStep, zone: string): string[] {
  return times.map((t, i) => {
    const wall = wallTime(t, zone)
    const before = i === 0 ? null : wallTime(times[i - 1]!, zone)
    const upper = upperText(wall, step.field)
    const lower = lowerText(wall, before, step.field)
    const turned = i > 0 && zoneOffsetMs(t, zone) !== zoneOffsetMs(times[i - 1]!, zone)
    if (turned && isClockStep(step)) return `${upper}\n${offsetText(t, zone)}`
    return lower === '' ? upper : `${upper}\n${lower}`
  })
}

function upperText(wall: WallTime, field: TickField): string {
  if (field === 'year') return String(wall.year)
  if (field === 'month') return monthNames[wall.month - 1]!
  if (field === 'day') return dayText(wall)
  return clockText(wall, field === 'second')
}

function lowerText(wall: WallTime, before: WallTime | null, field: TickField): string {
  if (field === 'year') return ''
  const newYear = before === null || before.year !== wall.year
  if (field === 'month' || field === 'day') return newYear ? String(wall.year) : ''
  const newDay = newYear || before.day !== wall.day || before.month !== wall.month
  return newDay ? dayText(wall) : ''
}
