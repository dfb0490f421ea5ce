/**
 * What to forget first where too much is held for all exporters together. Whoever sends much must not
 * drive out those that send little: what was never of use goes first, and then, of the exporters that
 * hold most, what they used longest ago.
 */
import type { Exporter } from './exporter.ts'

export interface EvictionRules<Held> {
  /** It has been of no use so far. */
  isIdle: (held: Held) => boolean
  /** unix ms of its last use. */
  usedMs: (held: Held) => number
}

interface Candidate<Held> {
  held: Held
  isIdle: boolean
  usedMs: number
  /** How many of its exporter were used later. */
  rank: number
}

/** All that is held, what to forget first before the rest. */
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
