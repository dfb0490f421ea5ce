/** Finds what a new or restored tier lacks of the time that the 5-minute tier covers. */
import { intervalMs, intervalStart, type Tier } from '../../flow/interval.ts'
import type { SeriesStore } from '../../store/series.ts'
import type { RedoList, RedoStep } from './redo.ts'

interface Parts {
  store: SeriesStore
  /** The 5-minute tier first. */
  tiers: readonly Tier[]
  redo: RedoList
}

/** Lists the missing steps; false if the store did not answer, which the next query will report. */
export async function listMissing(parts: Parts): Promise<boolean> {
  const missing = await missingSteps(parts).catch(() => null)
  if (missing === null) return false
  await parts.redo.addSteps(missing)
  return true
}

/** The steps within each tier's retention, before or after what it has stored. */
async function missingSteps({ store, tiers }: Parts): Promise<RedoStep[]> {
  const held = await store.extent(tiers[0]!)
  if (!held) return []
  const missing: RedoStep[] = []
  for (const tier of tiers.slice(1)) {
    const stored = await store.extent(tier)
    const from = Math.max(held.from, held.to + intervalMs - tier.keepMs)
    for (let time = intervalStart(from, tier.stepMs); time <= held.to; time += tier.stepMs)
      if (!stored || time < stored.from || time > stored.to) missing.push({ tier, time })
  }
  return missing
}
