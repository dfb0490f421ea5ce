/**
 * How a flow's counts are spread over its lifetime: evenly, in whole units, so that the shares of
 * any partition of time add up to exactly the count. Every step, tier, top and report uses this one
 * rule; `countUpToSql` is the same rule as SQL for the archive.
 */

/**
 * How many of `count` units came before `t`: floor(count × (t − first) / (last − first)), with t
 * clamped to [first, last]. A flow with last ≤ first has all its units at first, that is, before
 * any t > first. Times are unix ms; count is an integer ≤ 2^53.
 */
export function countUpTo(count: number, first: number, last: number, t: number): number {
  if (t <= first) return 0
  if (t >= last) return count
  const product = count * (t - first)
  // Up to 2^53 the product is exact, and its correctly rounded quotient cannot exceed the next integer.
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

/** How many ms of a flow's lifetime fall in [from, to): its share of flow-milliseconds. */
export function activeWithin(first: number, last: number, from: number, to: number): number {
  return Math.max(0, Math.min(last, to) - Math.max(first, from))
}

/**
 * How long some flows lasted together, from their first packet to their last, as far as their counts are of that time:
 * within the window, unless flows count whole in it. In the unit of the times.
 */
export function lengthCounted(
  { first, last }: { first: number; last: number },
  { from, to, include }: { from: number; to: number; include: string },
): number {
  return include === 'any' ? Math.min(last, to) - Math.max(first, from) : last - first
}

/**
 * A count of some flows over that length of time, in the unit of the times; 0 if it has none: a
 * single packet has no rate.
 */
export function rateCounted(
  count: number,
  flows: { first: number; last: number },
  window: { from: number; to: number; include: string },
): number {
  const length = lengthCounted(flows, window)
  return length > 0 ? count / length : 0
}

/** Products of counts and spans up to these fit in 63 bits. */
const narrow = { count: 2 ** 32, spanMs: 2 ** 31 - 1 }

/** SQL for integer arithmetic, which differs between engines. */
export interface WholeWords {
  /** Casts a value to 128 bits, and one that fits back to 64 bits. */
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
 * countUpTo as SQL: the arguments are SQL expressions, all integers (times in unix ms). 128 bits
 * keep the product exact, and are avoided where possible: they are ten times slower.
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
