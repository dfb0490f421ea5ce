/**
 * Charts that are drawn one a frame. What several panels of a wall have to show comes at the same moment, and to
 * draw all of it at once would hold up the page for as long as all of them take.
 */

/** What is to be drawn, by chart: of one chart only what came last. */
const waiting = new Map<object, () => void>()
let isDue = false

/** Draws a chart when its turn comes, in one of the next frames; what waited for that chart before is not drawn. */
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
