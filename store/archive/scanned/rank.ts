/**
 * The largest keys of a window, even if there are too many to distinguish: then all are summed in buckets,
 * and only the keys of the fullest buckets are distinguished, since no key exceeds the sum of its bucket.
 */
import type { BucketsQuery, RankingQuery, RankingFound, ScanQuery, ScanFound } from './requests.ts'

/** Buckets whose keys are distinguished: with ten million distinct keys, about ten each. */
const fullestBuckets = 30_000
/** Every this many-th bucket is sampled to estimate how full the fullest are. */
const sampledEach = 16

/** Scans the window; null if there are too many keys. */
export type ScanWindow = <Query extends ScanQuery>(
  query: Query,
) => Promise<ScanFound[Query['kind']] | null>

/**
 * The largest keys; null if they cannot be determined. `fullest`: buckets whose keys are distinguished.
 * @throws what `scan` throws
 */
export async function rank(
  query: RankingQuery,
  scan: ScanWindow,
  fullest = fullestBuckets,
): Promise<RankingFound | null> {
  const { by, window, order, count } = query
  const ranking = await scan(query)
  // Rates and durations are not sums.
  if (ranking !== null || order.by === 'rate' || order.by === 'duration') return ranking
  const sums = await scan<BucketsQuery>({ kind: 'buckets', window, by, order })
  if (sums === null) return null
  const { among, othersMax } = fullestOf(sums, fullest)
  const found = await scan<RankingQuery>({ ...query, among })
  if (found === null) return null
  const isProven = found.ranked.length === count && found.ranked[count - 1]! > othersMax
  return isProven ? { ...found, next: Math.max(found.next, othersMax) } : null
}

/** Marks about `most` of the fullest buckets, and gives the largest sum among the others. */
export function fullestOf(
  sums: Float64Array,
  most: number,
): { among: Uint8Array; othersMax: number } {
  // Keys are distributed over buckets at random, so a sample is representative.
  const some = sums.filter((_, bucket) => bucket % sampledEach === 0).sort()
  const enough = some.at(-Math.ceil(most / sampledEach)) ?? 0
  const among = new Uint8Array(sums.length)
  let othersMax = 0
  for (let bucket = 0; bucket < sums.length; bucket++) {
    const sum = sums[bucket]!
    if (sum > 0 && sum >= enough) among[bucket] = 1
    else othersMax = Math.max(othersMax, sum)
  }
  return { among, othersMax }
}
