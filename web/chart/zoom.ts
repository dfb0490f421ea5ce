/** Zooming and panning: by a drag, a key, a double click or an arrow. Each one is a new address. */
import { moved } from '../../flow/time-grammar.ts'
import { clockNow } from '../state/clock.ts'
import { depth } from '../state/route.ts'
import { show } from '../state/view.ts'
import { windowAt, type Window } from '../state/window.ts'
import { zone } from '../state/zone.ts'
import { isoText } from '../time/words.ts'

/** The shortest window that can be queried: the finest step is 1 s. */
const windowMinMs = 5000
/** A little under the API's limit of 20 years: the answer's steps reach beyond the window. */
const windowMaxMs = 20 * 365 * 86_400_000

/** Shows a window given as instants, and returns the window shown: whole seconds, and a length within the limits. */
export function showWindow({ from, to }: Window): Window {
  const middle = (from + to) / 2
  const length = bounded(to - from)
  const start = Math.max(0, Math.floor((middle - length / 2) / 1000) * 1000)
  const end = Math.ceil((middle + length / 2) / 1000) * 1000
  show({ from: isoText(start), to: isoText(end) })
  return { from: start, to: end }
}

function bounded(lengthMs: number): number {
  return Math.min(windowMaxMs, Math.max(windowMinMs, lengthMs))
}

/** Moves the window by a fraction of its length: −1 is one window back. */
export function pan(part: number): void {
  const window = windowAt(clockNow())
  if (!window) return
  const { from, to } = window
  // Whole days stay whole days across a clock change.
  const days = (to - from) / 86_400_000
  if (Math.abs(part) === 1 && days >= 0.9 && Math.abs(days - Math.round(days)) < 0.05) {
    const move = (t: number) => moved(t, part * Math.round(days), { unit: 'd', zone: zone.value })
    show({ from: isoText(move(from)), to: isoText(move(to)) })
    return
  }
  showWindow({ from: from + part * (to - from), to: to + part * (to - from) })
}

/** Makes the window `times` as long, around an instant (default: its middle). */
export function zoom(times: number, around?: number): void {
  const window = windowAt(clockNow())
  if (!window) return
  const { from, to } = window
  // At the limits nothing moves; and what is under the cursor may be from the window before.
  const grown = bounded((to - from) * times) / (to - from)
  const at = Math.min(to, Math.max(from, around ?? (from + to) / 2))
  showWindow({ from: at - (at - from) * grown, to: at + (to - at) * grown })
}

/** Back to the previous view; from the first one, out to twice the window. */
export function back(): void {
  if (depth() > 0) history.back()
  else zoom(2)
}
