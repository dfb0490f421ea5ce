/**
 * How a flow's counts are spread over its life: evenly by time, in whole units, so that the shares
 * of any partition of time add up to the count exactly. Every step, tier, top and report uses
 * this one rule; `countUpToSql` is the same rule as an expression for the archive.
 */

/**
 * Of `count` units, how many came before `t`: floor(count × (t − first) / (last − first)), with t
 * clamped to [first, last]. A flow with last ≤ first has all its units at first, so before any
 * t > first. Times are unix ms; count is a whole number ≤ 2^53.
 */
export function countUpTo(count: number, first: number, last: number, t: number): number {
  if (t <= first) return 0
  if (t >= last) return count
  const product = count * (t - first)
  // Up to 2^53 the product is exact and its correctly rounded quotient cannot pass a whole number.
  if (product <= Number.MAX_SAFE_INTEGER) return Math.floor(product / (last - first))
  return Number((BigInt(count) * BigInt(t - first)) / BigInt(last - first))
}

/** The units of a flow that fall in [from, to). */
export function countWithin(
  count: number,
  flow: { first: number; last: number },
  from: number,
  to: number,
): number {
  return countUpTo(count, flow.first, flow.last, to) - countUpTo(count, flow.first, flow.last, from)
}

/** How many ms of a flow's life fall in [from, to): its share of flow-milliseconds. */
export function activeWithin(first: number, last: number, from: number, to: number): number {
  return Math.max(0, Math.min(last, to) - Math.max(first, from))
}

/** Counts and spans up to these have a product that fits 63 bits. */
const narrow = { count: 2 ** 32, spanMs: 2 ** 31 - 1 }

/** The words for whole numbers in which SQL engines differ. */
export interface WholeWords {
  /** A value in 128 bits, and one that fits in 64 bits again. */
  wide: (value: string) => string
  narrow: (value: string) => string
  /** Floor division of non-negative integers. */
  divide: (value: string, by: string) => string
}

/** DuckDB's. */
export const duckdbWholes: WholeWords = {
  wide: (value) => `(${value})::HUGEINT`,
  narrow: (value) => `(${value})::BIGINT`,
  divide: (value, by) => `${value} // ${by}`,
}

/**
 * countUpTo as SQL: the arguments are SQL expressions, all whole numbers (times in unix ms). 128 bits
 * keep the product exact, and are left out where they can be: they take ten times as long.
 */
export function countUpToSql(
  count: string,
  flow: { first: string; last: string },
  t: string,
  { wide, narrow: to64, divide }: WholeWords = duckdbWholes,
): string {
  const { first, last } = flow
  const [part, whole] = [`(${t} - ${first})`, `(${last} - ${first})`]
  return (
    `CASE WHEN ${t} <= ${first} THEN 0 WHEN ${t} >= ${last} THEN ${count} ` +
    `WHEN ${count} <= ${narrow.count} AND ${whole} <= ${narrow.spanMs} THEN ${divide(`${count} * ${part}`, whole)} ` +
    `ELSE ${to64(divide(`${wide(count)} * ${part}`, whole))} END`
  )
}
