/**
 * The greatest keys of a window, also where there are too many to be told apart: then all are added up by buckets, and only
 * those of the fullest buckets are told apart, since no key comes to more than its bucket.
 */
import type { BucketsAsked, RankingAsked, RankingFound, ScanAsked, ScanFound } from './asked.ts'

/** Buckets whose keys are told apart: of ten million different keys some ten each. */
const fullestBuckets = 30_000
/** One of so many buckets is looked at to find out how full the fullest are. */
const sampledEach = 16

/** Goes through the window for what is asked; null where there are too many keys. */
export type ScanWindow = <Asked extends ScanAsked>(
  asked: Asked,
) => Promise<ScanFound[Asked['kind']] | null>

/**
 * The greatest keys; null where they cannot be told. `fullest`: buckets whose keys are told apart.
 * @throws what `scan` throws
 */
export async function rank(
  asked: RankingAsked,
  scan: ScanWindow,
  fullest = fullestBuckets,
): Promise<RankingFound | null> {
  const { by, window, order, count } = asked
  const ranking = await scan(asked)
  // What comes to a rate or lasts is no sum.
  if (ranking !== null || order.by === 'rate' || order.by === 'duration') return ranking
  const sums = await scan<BucketsAsked>({ kind: 'buckets', window, by, order })
  if (sums === null) return null
  const { among, othersMost } = fullestOf(sums, fullest)
  const found = await scan<RankingAsked>({ ...asked, among })
  if (found === null) return null
  const isProven = found.ranked.length === count && found.ranked[count - 1]! > othersMost
  return isProven ? { ...found, next: Math.max(found.next, othersMost) } : null
}

/** A mark for each bucket that is among the fullest, about so many, and what the fullest of all others comes to. */
export function fullestOf(
  sums: Float64Array,
  most: number,
): { among: Uint8Array; othersMost: number } {
  // Which keys share a bucket is chance, so that some of the buckets tell of all.
  const some = sums.filter((_, bucket) => bucket % sampledEach === 0).sort()
  const enough = some.at(-Math.ceil(most / sampledEach)) ?? 0
  const among = new Uint8Array(sums.length)
  let othersMost = 0
  for (let bucket = 0; bucket < sums.length; bucket++) {
    const sum = sums[bucket]!
    if (sum > 0 && sum >= enough) among[bucket] = 1
    else othersMost = Math.max(othersMost, sum)
  }
  return { among, othersMost }
}
