/** A filter with one more condition, which an empty one is not. */
export function narrowed(filter: string, condition: string): string {
  const before = filter.trim()
  if (before === '' || condition === '') return before || condition
  if (holds(before, condition)) return before
  // What follows a comment would belong to it.
  if (before.includes('#')) return `(${before}\n) and ${condition}`
  return hasOr.test(before) ? `(${before}) and ${condition}` : `${before} and ${condition}`
}

const hasOr = /\bor\b|\|\|/i
const hasNot = /\bnot\b|!/i

/** Whether a condition is one of those that a filter joins with "and". */
function holds(filter: string, condition: string): boolean {
  if (hasOr.test(filter) || hasNot.test(filter) || filter.includes('#')) return false
  return ` ${filter.replaceAll(/[()]/g, ' ')} `.includes(` ${condition} `)
}
