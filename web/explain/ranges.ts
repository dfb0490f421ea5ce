/** Time ranges in addresses, and the windows that show events best. */
import { parseTime } from '../../flow/time-grammar.ts'
import { clockNow } from '../state/clock.ts'
import type { Window } from '../state/window.ts'
import { isoText } from '../time/words.ts'

/** A range as in an address: 2026-11-16T11:32:10Z/2026-11-16T11:36:33Z. */
export function rangeParameter({ from, to }: Window): string {
  return `${isoText(Math.floor(from / 1000) * 1000)}/${isoText(Math.ceil(to / 1000) * 1000)}`
}

/** The range (unix ms) of a parameter, or null if it is not a range. */
export function readRange(text: string): Window | null {
  const [start, end, more] = text.split('/')
  if (start === undefined || end === undefined || more !== undefined) return null
  const context = { now: clockNow(), zone: 'UTC' }
  const from = parseTime(start, { ...context, side: 'from' })
  const to = parseTime(end, { ...context, side: 'to' })
  return from !== null && to !== null && to > from ? { from, to } : null
}

/** The part of an event's length shown before and after it; and the least, in ms. */
const aroundPart = 0.5
const aroundMinMs = 60_000

/** A window that shows an event (unix seconds) with the time before and after it. */
export function windowAround(from: number, to: number): Window {
  const around = Math.max(aroundMinMs, (to - from) * 1000 * aroundPart)
  const whole = (t: number) => Math.round(t / 10_000) * 10_000
  return { from: whole(from * 1000 - around), to: whole(to * 1000 + around) }
}
