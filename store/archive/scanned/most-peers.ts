/**
 * The keys with the most peers in a long window. No key has more peers than flows, so peers are
 * counted only for keys with enough flows, and not every pair of the window is in memory at once.
 */
import type { DetailsFound, KeyValues, RankingFound } from './requests.ts'

/** Keys with the most flows, among which those with the most peers are chosen. */
export const rankedMax = 5000
/** This many times the requested keys are counted first, to learn how many peers are enough. */
const firstTimes = 2

interface MostPeers {
  keys: KeyValues
  details: DetailsFound
  /** The indices of the keys with the most peers, descending. */
  places: number[]
}

/**
 * Those with the most peers among the given keys; null if others may have as many, or if `detailsOf` gives null.
 * @throws what `detailsOf` throws
 */
export async function mostPeers(
  { keys: all, ranked, next }: RankingFound,
  limit: number,
  detailsOf: (keys: KeyValues) => Promise<DetailsFound | null>,
): Promise<MostPeers | null> {
  for (let count = Math.min(firstTimes * limit, ranked.length); ;) {
    const keys = all.map((column) => column.slice(0, count))
    const details = await detailsOf(keys)
    if (details === null) return null
    const places = greatestFirst(keys, details.peers).slice(0, limit)
    const enough = places.length < limit ? 0 : details.peers[places.at(-1)!]!
    const othersMax = ranked[count] ?? next
    if (othersMax === 0 || othersMax < enough) return { keys, details, places }
    if (count === ranked.length) return null
    count = ranked.filter((flows) => flows >= enough).length
  }
}

/** The indices of keys by amount, descending; ties by their columns. */
export function greatestFirst(keys: KeyValues, amounts: Float64Array): number[] {
  const compareKeys = (a: number, b: number) => {
    const column = keys.find((values) => values[a] !== values[b])
    return column === undefined ? 0 : column[a]! < column[b]! ? -1 : 1
  }
  return [...amounts.keys()].sort((a, b) => amounts[b]! - amounts[a]! || compareKeys(a, b))
}
