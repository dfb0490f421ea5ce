/** Which file a step belongs to, and which files are to be joined. */
import type { Tier } from '../../flow/interval.ts'
import { openPeriod, settledPeriod, type Period, type SeriesEntry } from './layout.ts'

/** The periods that steps of a tier lie in, each with the steps' part of the time, in order. */
export function placeSteps(
  tier: Tier,
  times: readonly number[],
  entries: readonly SeriesEntry[],
): Period[] {
  const ofTier = entries.filter((entry) => entry.tier === tier.name)
  const whole = wholePeriods(tier, times, ofTier)
  const found = new Map<number, Period>()
  const byOpenPeriod = new Map<number, Period>()
  for (const time of times) {
    const open = openPeriod(tier, time)
    let place = byOpenPeriod.get(open.from)
    if (!place) {
      const settled = settledPeriod(tier, time)
      const isSettled =
        whole.has(settled.from) ||
        ofTier.some((entry) => covers(entry, time) && entry.to - entry.from > open.to - open.from)
      place = isSettled ? settled : open
      byOpenPeriod.set(open.from, place)
    }
    found.set(place.from, place)
  }
  return [...found.values()].sort((a, b) => a.from - b.from)
}

/**
 * Settled periods of which one write brings half or more, and of which nothing is stored: they get
 * their one file at once.
 */
function wholePeriods(
  tier: Tier,
  times: readonly number[],
  ofTier: readonly SeriesEntry[],
): Set<number> {
  const newest = newestEnd(tier, ofTier, times)
  const counts = new Map<number, Set<number>>()
  for (const time of times) {
    const { from, settledAt } = settledPeriod(tier, time)
    if (settledAt > newest) continue
    const held = counts.get(from)
    if (held) held.add(time)
    else counts.set(from, new Set([time]))
  }
  const whole = new Set<number>()
  for (const [from, steps] of counts) {
    const { to } = settledPeriod(tier, from)
    const isEmpty = !ofTier.some((entry) => entry.from < to && entry.to > from)
    if (isEmpty && steps.size * 2 * tier.stepMs >= to - from) whole.add(from)
  }
  return whole
}

/** The first settled period that still lies in several files, or null. */
export function unsettledPeriod(tier: Tier, entries: readonly SeriesEntry[]): Period | null {
  const ofTier = entries.filter((entry) => entry.tier === tier.name)
  const newest = newestEnd(tier, ofTier, [])
  for (const entry of ofTier) {
    const settled = settledPeriod(tier, entry.from)
    const isOpen = entry.from !== settled.from || entry.to !== settled.to
    if (isOpen && settled.settledAt <= newest) return settled
  }
  return null
}

function newestEnd(tier: Tier, ofTier: readonly SeriesEntry[], times: readonly number[]): number {
  let newest = Number.NEGATIVE_INFINITY
  for (const { last } of ofTier) newest = Math.max(newest, last)
  for (const time of times) newest = Math.max(newest, time)
  return newest + tier.stepMs
}

export function covers({ from, to }: { from: number; to: number }, time: number): boolean {
  return from <= time && time < to
}
