/** Zooming and moving in time: by a drag, a key, a double click or an arrow. Each is a new address. */
import { moved } from '../../flow/time-grammar.ts'
import { depth } from '../state/route.ts'
import { show } from '../state/view.ts'
import { windowAt, type Window } from '../state/window.ts'
import { zone } from '../state/zone.ts'
import { isoText } from '../time/words.ts'

/** Windows no shorter than this can be asked for: the finest step is 1 s. */
const windowMinMs = 5000
const windowMaxMs = 20 * 366 * 86_400_000

/** Shows a window given by instants; seconds are whole, and its length is kept within bounds. */
export function showWindow({ from, to }: Window): void {
  const middle = (from + to) / 2
  const length = Math.min(windowMaxMs, Math.max(windowMinMs, to - from))
  const start = Math.max(0, Math.floor((middle - length / 2) / 1000) * 1000)
  const end = Math.ceil((middle + length / 2) / 1000) * 1000
  show({ from: isoText(start), to: isoText(end) })
}

/** Moves the window by a part of its length: −1 is one window back. */
export function pan(part: number): void {
  const window = windowAt(Date.now())
  if (!window) return
  const { from, to } = window
  // Whole days stay whole days across a change of the clock.
  const days = (to - from) / 86_400_000
  if (Math.abs(part) === 1 && days >= 0.9 && Math.abs(days - Math.round(days)) < 0.05) {
    const move = (t: number) => moved(t, part * Math.round(days), { unit: 'd', zone: zone.value })
    show({ from: isoText(move(from)), to: isoText(move(to)) })
    return
  }
  showWindow({ from: from + part * (to - from), to: to + part * (to - from) })
}

/** Makes the window so many times as long around an instant (its middle without one). */
export function zoom(times: number, around?: number): void {
  const window = windowAt(Date.now())
  if (!window) return
  const { from, to } = window
  const at = around ?? (from + to) / 2
  showWindow({ from: at - (at - from) * times, to: at + (to - at) * times })
}

/** Back to what was shown before; at the beginning, out to twice the window. */
export function back(): void {
  if (depth() > 0) history.back()
  else zoom(2)
}
