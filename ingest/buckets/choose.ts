/**
 * Which keys of a large table are worth being made text: an interval may hold a hundred thousand
 * hosts of which a thousand are kept, and the socket waits while rows are made.
 */
import type { CountTable } from './tables.ts'

/** How keys are ranked: local hosts first, then by bytes, ties by `compare`. */
export interface Ranking {
  top: number
  /** Whether the host with that index is local. */
  isLocal: (a: number) => boolean
  /** The order of two hosts' addresses, so that a tie falls the same way whatever came first. */
  compare: (a: number, b: number) => number
}

/** Codes of protocol and service port: keys are made one number of host index and code. */
const codes = 2 ** 25

/** The key of a row without its direction, of which there are two. */
function keyOf(a: number, b: number): number {
  return a * codes + ((b - 1) >>> 1)
}

/** The keys to keep, or null where all are: there are no more than `top`. */
export function keptKeys(
  table: CountTable,
  ranking: Ranking,
): ((a: number, b: number) => boolean) | null {
  if (table.count <= ranking.top) return null
  const bytesOf = new Map<number, number>()
  table.forEach((a, b, sums, at) => {
    const key = keyOf(a, b)
    bytesOf.set(key, (bytesOf.get(key) ?? 0) + sums[at]!)
  })
  if (bytesOf.size <= ranking.top) return null
  const hostOf = (key: number) => Math.floor(key / codes)
  const keys = Float64Array.from(bytesOf.keys())
  keys.sort((x, y) => {
    const [hostX, hostY] = [hostOf(x), hostOf(y)]
    const local = Number(ranking.isLocal(hostY)) - Number(ranking.isLocal(hostX))
    if (local !== 0) return local
    const bytes = bytesOf.get(y)! - bytesOf.get(x)!
    return bytes !== 0 ? bytes : ranking.compare(hostX, hostY) || (x % codes) - (y % codes)
  })
  const kept = new Set(keys.subarray(0, ranking.top))
  return (a, b) => kept.has(keyOf(a, b))
}
