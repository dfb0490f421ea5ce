/**
 * Touch control of the chart: a horizontal drag selects a range, a tap points, and two fingers stretch the time between
 * them; vertical drags still scroll the page.
 */
import type { Window } from '../state/window.ts'
import type { Plot } from './plot.ts'
import { showWindow } from './zoom.ts'

/** A finger on the chart, in CSS pixels from the left: where it came down, and where it is. */
interface Finger {
  start: number
  x: number
}

/** What two fingers stretch: what was shown when the second came down, and how the fingers were then. */
interface Stretch {
  shown: Window
  apart: number
  /** What was in the middle between them, unix ms. */
  at: number
  /** What is shown since they moved. */
  window?: Window
}

/** Fingers one above the other are taken to be so far apart, in CSS pixels: there is no time between them. */
const apartMinPixels = 40

/** Handles touches on a chart; returns the function that stops this. */
export function followTouch(plot: Plot): () => void {
  const { over } = plot.uplot
  const ended = new AbortController()
  /** One or two. */
  const fingers = new Map<number, Finger>()
  let stretch: Stretch | null = null
  const select = (from: number, to: number, tell: boolean) =>
    plot.uplot.setSelect(
      { left: Math.min(from, to), top: 0, width: Math.abs(to - from), height: over.clientHeight },
      tell,
    )
  const begin = (all: readonly Finger[]) => {
    select(0, 0, false)
    plot.point(null)
    const timeAt = (x: number) => plot.uplot.posToVal(x, 'x') * 1000
    const shown = { from: timeAt(0), to: timeAt(over.clientWidth) }
    stretch = { shown, apart: apartOf(all), at: timeAt(middleOf(all)) }
  }
  const give = (window: Window | undefined) => {
    if (window) plot.stretch(window)
    fingers.clear()
    stretch = null
  }
  const heard = {
    pointerdown() {
      if (fingers.size === 2) begin([...fingers.values()])
    },
    pointermove({ start, x }: Finger) {
      if (!stretch) return select(start, x, false)
      stretch.window = stretchedBy([...fingers.values()], stretch, over.clientWidth)
      plot.stretch(stretch.window)
    },
    pointerup({ start, x }: Finger) {
      if (!stretch) select(start, x, true)
      give(stretch?.window && showWindow(stretch.window))
    },
    pointercancel() {
      select(0, 0, false)
      give(stretch?.shown)
    },
  }
  for (const [type, listener] of Object.entries(heard))
    over.addEventListener(
      type as keyof typeof heard,
      (event) => {
        if (event.pointerType !== 'touch') return
        const box = over.getBoundingClientRect()
        const x = Math.min(box.width, Math.max(0, event.clientX - box.left))
        const { start = x } = fingers.get(event.pointerId) ?? {}
        const isNew = type === 'pointerdown' && fingers.size < 2
        // A third finger, or one left of two, does nothing.
        if (!isNew && !fingers.has(event.pointerId)) return
        const finger = { start, x }
        fingers.set(event.pointerId, finger)
        if (fingers.size === 1) plot.uplot.setCursor({ left: x, top: 0 })
        listener(finger)
      },
      { signal: ended.signal },
    )
  return () => ended.abort()
}

function apartOf(fingers: readonly Finger[]): number {
  const all = fingers.map(({ x }) => x)
  return Math.max(apartMinPixels, Math.max(...all) - Math.min(...all))
}

function middleOf(fingers: readonly Finger[]): number {
  return fingers.reduce((sum, { x }) => sum + x, 0) / fingers.length
}

/** The window in which what was between two fingers is between them where they are now, in a chart so wide. */
function stretchedBy(
  fingers: readonly Finger[],
  { shown, apart, at }: Stretch,
  width: number,
): Window {
  const perPixel = (((shown.to - shown.from) / width) * apart) / apartOf(fingers)
  const from = at - middleOf(fingers) * perPixel
  return { from, to: from + width * perPixel }
}
