/** Decides which file a step belongs to, and which files to join. */
import type { Tier } from '../../flow/interval.ts'
import { joinedPeriods, openPeriod, type Period, type SeriesEntry } from './layout.ts'

/** The periods of the files for the given steps of a tier, in order. */
export function placeSteps(
  tier: Tier,
  times: readonly number[],
  entries: readonly SeriesEntry[],
): Period[] {
  const ofTier = entries.filter((entry) => entry.tier === tier.name)
  const whole = wholePeriods(tier, times, { ofTier, newest: newestEnd(tier, entries, times) })
  const found = new Map<number, Period>()
  const byOpenPeriod = new Map<number, Period>()
  for (const time of times) {
    const open = openPeriod(tier, time)
    let place = byOpenPeriod.get(open.from)
    if (!place) {
      const stored = ofTier.find((entry) => covers(entry, time))
      const joined = joinedPeriods(tier, time)
      place = stored
        ? (joined.find((period) => period.from === stored.from && period.to === stored.to) ?? open)
        : (joined.find((period) => whole.has(period.from) && period === joined.at(-1)) ?? open)
      byOpenPeriod.set(open.from, place)
    }
    found.set(place.from, place)
  }
  return [...found.values()].sort((a, b) => a.from - b.from)
}

/**
 * The starts of the longest settled periods without stored data of which one write brings half or
 * more: they get their single file at once. `newest`: the end of what is stored in any tier, because
 * coarser steps are made of old 5-minute steps in order of time.
 */
function wholePeriods(
  tier: Tier,
  times: readonly number[],
  { ofTier, newest }: { ofTier: readonly SeriesEntry[]; newest: number },
): Set<number> {
  const counts = new Map<number, { to: number; count: number }>()
  for (const time of times) {
    const longest = joinedPeriods(tier, time).at(-1)
    if (!longest || longest.settledAt > newest) continue
    const held = counts.get(longest.from)
    if (held) held.count++
    else counts.set(longest.from, { to: longest.to, count: 1 })
  }
  const whole = new Set<number>()
  for (const [from, { to, count }] of counts) {
    const isEmpty = !ofTier.some((entry) => entry.from < to && entry.to > from)
    if (isEmpty && count * 2 * tier.stepMs >= to - from) whole.add(from)
  }
  return whole
}

/** The first settled period, at its longest, that still lies in several files; or null. */
export function unsettledPeriod(tier: Tier, entries: readonly SeriesEntry[]): Period | null {
  const ofTier = entries.filter((entry) => entry.tier === tier.name)
  const newest = newestEnd(tier, ofTier, [])
  for (const { from, to } of ofTier) {
    const settled = joinedPeriods(tier, from).filter(({ settledAt }) => settledAt <= newest)
    const longest = settled.at(-1)
    if (longest && longest.to - longest.from > to - from) return longest
  }
  return null
}

function newestEnd(tier: Tier, entries: readonly SeriesEntry[], times: readonly number[]): number {
  let newest = Number.NEGATIVE_INFINITY
  for (const { last } of entries) newest = Math.max(newest, last)
  for (const time of times) newest = Math.max(newest, time)
  return newest + tier.stepMs
}

/** Whether a time lies in [from, to). */
export function covers({ from, to }: { from: number; to: number }, time: number): boolean {
  return from <= time && time < to
}
