/** The steps of an answer. */

/** Steps of one length, [from, from + count × stepMs), unix ms. */
export interface Grid {
  from: number
  stepMs: number
  count: number
}

/** The grid that contains a window: its ends are snapped outward to the step. */
export function gridOver(from: number, to: number, stepMs: number): Grid {
  const start = Math.floor(from / stepMs) * stepMs
  return { from: start, stepMs, count: Math.ceil((to - start) / stepMs) }
}

/** The end of the last step, unix ms. */
export function gridEnd({ from, stepMs, count }: Grid): number {
  return from + stepMs * count
}
