/** Charts on paper: a canvas keeps the size it was drawn in, so it is redrawn for the sheet. */
import type uPlot from 'uplot'

/**
 * The width of A4 between its margins in the CSS pixels of style/print.css, of which more fit on a
 * sheet.
 */
const paperWidth = 1054
const paperHeightMax = 300

/** Fits a chart to the paper for printing, and back to the screen afterwards; returns the function that stops this. */
export function followPaper(u: uPlot, draw: () => void): () => void {
  const ended = new AbortController()
  const { signal } = ended
  let onScreen: { width: number; height: number } | null = null
  const toPaper = () => {
    const { width, height } = (onScreen ??= { width: u.width, height: u.height })
    const share = width / document.documentElement.clientWidth
    u.setSize({
      width: Math.floor(share * paperWidth),
      height: Math.min(height, paperHeightMax),
    })
    // In the colours of paper, as the legend beside it: effects run in a later frame, after the sheet is laid out.
    draw()
  }
  const toScreen = () => {
    if (onScreen) u.setSize(onScreen)
    onScreen = null
  }
  addEventListener('beforeprint', toPaper, { signal })
  addEventListener('afterprint', toScreen, { signal })
  return () => ended.abort()
}
