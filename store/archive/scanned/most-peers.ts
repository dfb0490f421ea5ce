/**
 * The keys with most peers of a long window. Nobody has more peers than flows: so only those are asked for theirs that have
 * enough flows, and not every pair of the window is held at once.
 */
import type { DetailsFound, KeyValues, RankingFound } from './asked.ts'

/** Keys with most flows, from among which those with most peers are chosen. */
export const rankedMost = 5000
/** So many times the keys that are asked for say how many peers are enough. */
const firstTimes = 2

export interface MostPeers {
  keys: KeyValues
  details: DetailsFound
  /** Of the keys with most peers their places, the greatest first. */
  places: number[]
}

/**
 * Out of the keys with most flows those with most peers; null where others may have as many, or where `detailsOf` has none.
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
    const othersMost = ranked[count] ?? next
    if (othersMost === 0 || othersMost < enough) return { keys, details, places }
    if (count === ranked.length) return null
    count = ranked.filter((flows) => flows >= enough).length
  }
}

/** The places of keys, those with the greatest amounts first; equals by their columns. */
export function greatestFirst(keys: KeyValues, amounts: Float64Array): number[] {
  const compareKeys = (a: number, b: number) => {
    const column = keys.find((values) => values[a] !== values[b])
    return column === undefined ? 0 : column[a]! < column[b]! ? -1 : 1
  }
  return [...amounts.keys()].sort((a, b) => amounts[b]! - amounts[a]! || compareKeys(a, b))
}
