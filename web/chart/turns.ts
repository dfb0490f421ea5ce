/**
 * Draws one chart per frame. The data of several wall panels comes at the same moment, and drawing
 * all at once would block the page.
 */

/** What waits to be drawn, by chart: only the latest per chart. */
const waiting = new Map<object, () => void>()
let isDue = false

/** Draws a chart in one of the next frames; replaces what was waiting for that chart. */
export function drawInTurn(chart: object, draw: () => void): void {
  waiting.set(chart, draw)
  if (isDue) return
  isDue = true
  requestAnimationFrame(drawNext)
}

function drawNext(): void {
  const next = waiting.entries().next().value
  isDue = next !== undefined
  if (next === undefined) return
  const [chart, draw] = next
  waiting.delete(chart)
  if (waiting.size > 0) requestAnimationFrame(drawNext)
  else isDue = false
  draw()
}
