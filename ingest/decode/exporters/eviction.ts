/**
 * What to forget first when all exporters together hold too much. A sender of much must not
 * displace senders of little: first goes what was never used, then what the largest holders have
 * not used for longest.
 */
import type { Exporter } from './exporter.ts'

interface EvictionRules<Held> {
  /** Whether it was never used. */
  isIdle: (held: Held) => boolean
  /** unix ms of the last use. */
  usedMs: (held: Held) => number
}

interface Candidate<Held> {
  held: Held
  isIdle: boolean
  usedMs: number
  /** How many items of its exporter were used later. */
  rank: number
}

/** All items, those to forget first at the front. */
export function evictionOrder<Held extends { exporter: Exporter }>(
  all: readonly Held[],
  { isIdle, usedMs }: EvictionRules<Held>,
): Held[] {
  const candidates = all.map((held): Candidate<Held> => {
    return { held, isIdle: isIdle(held), usedMs: usedMs(held), rank: 0 }
  })
  candidates.sort((a, b) => b.usedMs - a.usedMs)
  const ranks = new Map<Exporter, number>()
  for (const candidate of candidates) {
    const { exporter } = candidate.held
    candidate.rank = ranks.get(exporter) ?? 0
    ranks.set(exporter, candidate.rank + 1)
  }
  candidates.sort(compare)
  return candidates.map(({ held }) => held)
}

function compare<Held>(a: Candidate<Held>, b: Candidate<Held>): number {
  if (a.isIdle !== b.isIdle) return a.isIdle ? -1 : 1
  return b.rank - a.rank || a.usedMs - b.usedMs
}
