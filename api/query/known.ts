/** Whether anything is known of a window: a list without rows is otherwise unknown, not empty. */
import type { Tier } from '../../flow/interval.ts'
import { StoreFault } from '../../store/spool/fault.ts'
import type { SeriesReader } from '../../store/series.ts'
import { gridEnd, gridOver } from './grid.ts'
import { exportersOf, type Window } from './window.ts'

/**
 * By the finest totals that begin before the window's end; undefined while their store does not
 * answer, because the list comes from the archive and is right without it.
 */
export async function isKnown(
  series: SeriesReader,
  tiers: readonly Tier[],
  window: Window,
): Promise<boolean | undefined> {
  try {
    return await readKnown(series, tiers, window)
  } catch (error) {
    if (error instanceof StoreFault) return undefined
    throw error
  }
}

/** Steps of coarse totals that a window has at least, so that what they say is said of the window. */
const coarseStepsMin = 12

/**
 * The same, for a list that a wall asks for each minute: coarse totals are enough if they say that
 * something is known.
 */
export async function isKnownCoarsely(
  series: SeriesReader,
  tiers: readonly Tier[],
  window: Window,
): Promise<boolean | undefined> {
  const length = window.to - window.from
  const coarse = tiers.findLast(({ stepMs }) => coarseStepsMin * stepMs <= length)
  return (
    (coarse !== undefined && (await isKnown(series, [coarse], window))) ||
    isKnown(series, tiers, window)
  )
}

async function readKnown(
  series: SeriesReader,
  tiers: readonly Tier[],
  window: Window,
): Promise<boolean> {
  const exporters = exportersOf(window)
  for (const tier of tiers) {
    const extent = await series.extent(tier)
    // The first step of a coarser tier begins long before what is known in it.
    const begun = tier === tiers[0] ? 0 : tier.stepMs
    if (extent === null || extent.from + begun >= window.to) continue
    const steps = gridOver(window.from, window.to, tier.stepMs)
    const rows = await series.coverage({ tier, from: steps.from, to: gridEnd(steps), exporters })
    return rows.some(({ known }) => known > 0)
  }
  return false
}

/** When the first totals that are kept begin, unix ms; infinity if there are none, or their store does not answer. */
export async function firstKept(series: SeriesReader, tiers: readonly Tier[]): Promise<number> {
  let first = Number.POSITIVE_INFINITY
  try {
    for (const tier of tiers) {
      const extent = await series.extent(tier)
      // The first step of a coarser tier begins long before what is known in it.
      if (extent !== null && extent.from + tier.stepMs <= first) first = extent.from
    }
  } catch (error) {
    if (!(error instanceof StoreFault)) throw error
  }
  return first
}
