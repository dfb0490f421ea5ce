/** Charts on paper: a canvas has the size it was drawn in, so it is drawn anew for the sheet. */
import type uPlot from 'uplot'

/** A4 between its margins, in the CSS pixels of style/print.css, of which more go on a sheet. */
const paperWidth = 1054
const paperHeightMax = 300

/** Has a chart as wide on paper as it is on the screen, and afterwards as before; returns the function that ends it. */
export function followPaper(u: uPlot): () => void {
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
  }
  const toScreen = () => {
    if (onScreen) u.setSize(onScreen)
    onScreen = null
  }
  addEventListener('beforeprint', toPaper, { signal })
  addEventListener('afterprint', toScreen, { signal })
  return () => ended.abort()
}
