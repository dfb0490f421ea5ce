/** The window of time in the view's texts. */
import { computed } from '@preact/signals'

import { parseTime } from '../../flow/time-grammar.ts'
import { clockNow } from './clock.ts'
import { view } from './view.ts'
import { zone } from './zone.ts'

/** A window of time in unix ms, [from, to). */
export interface Window {
  from: number
  to: number
}

/** What is wrong with a time of the view, as text for its field. */
export const timeFaults = computed(() => {
  const { from, to } = view.value
  const read = (text: string, side: 'from' | 'to') =>
    parseTime(text, { now: clockNow(), zone: zone.value, side })
  const [start, end] = [read(from, 'from'), read(to, 'to')]
  const form = 'write 2026-11-16 11:30, now-6h or now/d, of the years 1970 to 2099'
  if (start === null) return { from: `"${from}" is not a time: ${form}`, to: '' }
  if (end === null) return { from: '', to: `"${to}" is not a time: ${form}` }
  return { from: '', to: end <= start ? 'the end must be after the start' : '' }
})

/** The window of the view at a given time, or null if its times are invalid. */
export function windowAt(now: number): Window | null {
  const context = { now, zone: zone.value }
  const from = parseTime(view.value.from, { ...context, side: 'from' })
  const to = parseTime(view.value.to, { ...context, side: 'to' })
  return from !== null && to !== null && to > from ? { from, to } : null
}
