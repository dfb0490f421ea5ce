/** Charts on paper: a canvas keeps the size it was drawn in, so it is redrawn for the sheet. */
import type uPlot from 'uplot'

/**
 * The width of A4 between its margins in the CSS pixels of style/print.css, of which more fit on a
 * sheet.
 */
const paperWidth = 1042
const paperHeightMax = 300

/** Fits a chart to the paper for printing, and back to the screen afterwards; returns the function that stops this. */
export function followPaper(u: uPlot, draw: () => void): () => void {
  const ended = new AbortController()
  const { signal } = ended
  let onScreen: { width: number; height: number } | null = null
  const toPaper = () => {
    const { width, height } = (onScreen ??= { width: u.width, height: u.height })
    const share = width / document.documentElement.clientWidth
    const onPaper = Math.floor(share * paperWidth)
    const plotWidth = onPaper - (u.width - u.over.clientWidth)
    // What stands at its time above the plot keeps to the plot's width, which is not that of the sheet.
    u.root.closest<HTMLElement>('.panel')?.style.setProperty('--plot-width', `${plotWidth}px`)
    u.setSize({ width: onPaper, height: Math.min(height, paperHeightMax) })
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
