/**
 * Touch control of the chart: a horizontal drag selects a range, a tap points; vertical drags still
 * scroll the page.
 */
import type { Plot } from './plot.ts'

/** Handles touches on a chart; returns the function that stops this. */
export function followTouch(plot: Plot): () => void {
  const { over } = plot.uplot
  const ended = new AbortController()
  let start: number | null = null
  const x = (event: PointerEvent) => {
    const box = over.getBoundingClientRect()
    return Math.min(box.width, Math.max(0, event.clientX - box.left))
  }
  const select = (from: number, to: number, tell: boolean) =>
    plot.uplot.setSelect(
      { left: Math.min(from, to), top: 0, width: Math.abs(to - from), height: over.clientHeight },
      tell,
    )
  const on = (type: 'pointerdown' | 'pointermove' | 'pointerup' | 'pointercancel') => {
    const listener = (event: PointerEvent) => {
      if (event.pointerType !== 'touch') return
      if (type === 'pointerdown') start = x(event)
      plot.uplot.setCursor({ left: x(event), top: 0 })
      if (start !== null && type === 'pointermove') select(start, x(event), false)
      if (start !== null && type === 'pointerup') select(start, x(event), true)
      if (type === 'pointercancel') select(0, 0, false)
      if (type === 'pointerup' || type === 'pointercancel') start = null
    }
    over.addEventListener(type, listener, { signal: ended.signal })
  }
  on('pointerdown')
  on('pointermove')
  on('pointerup')
  on('pointercancel')
  return () => ended.abort()
}
