/** The size of letters on a very large screen, which is read from farther away: as in style/base.css. */
import { signal } from '@preact/signals'

const largeFromPixels = 3200
const largeScale = 1.5

function current(): number {
  return innerWidth >= largeFromPixels ? largeScale : 1
}

/** How much larger the page is than at a desk. Canvases are not, and scale their letters themselves. */
export const letters = signal(current())

// No media query, which would also change for paper.
addEventListener('resize', () => (letters.value = current()))
