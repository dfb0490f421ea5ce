/** A filter with one more condition. */
export function narrowed(filter: string, condition: string): string {
  const before = filter.trim()
  if (before === '') return condition
  if (` ${before.replaceAll(/[()]/g, ' ')} `.includes(` ${condition} `)) return before
  return /\bor\b|\|\|/i.test(before) ? `(${before}) and ${condition}` : `${before} and ${condition}`
}
