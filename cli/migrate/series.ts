/** The series on their way to the other store, for `weir migrate`: copied, read back, compared. */
import { setTimeout as sleep } from 'node:timers/promises'

import type { Tier } from '../../flow/interval.ts'
import type { Settings } from '../../flow/settings/settings.ts'
import { keptFrom } from '../../store/moving/double.ts'
import { copyStretch, stretchesOf, type CopyOptions } from '../../store/moving/migrate.ts'
import { doubled, openProgress, otherStore } from '../../store/moving/progress.ts'
import { openOneSeriesStore, openSeriesReader } from '../../store/open-series.ts'
import type { SeriesReader, SeriesStore } from '../../store/series.ts'
import { StoreFault } from '../../store/spool/fault.ts'
import { paceOf } from './flows.ts'

/** Attempts per stretch, with a pause between them. */
const triesMax = 4
const tryAgainMs = 5000

/** Copies all tiers, from where an earlier run stopped. @throws StoreFault, NotTheSame; may be run again */
export async function copySeries(settings: Settings, to: 'clickhouse' | 'parquet'): Promise<void> {
  const now = Date.now()
  const progress = await openProgress(settings.data, to)
  if (to === 'parquet') await emptySpool(settings)
  const source = await openSeriesReader({ ...settings, store: otherStore[to] })
  const target = await openOneSeriesStore({ ...settings, store: to })
  // After double writing the source is right: the target may lack the latest writes.
  const replaces = progress.value<string>(doubled) === otherStore[to]
  try {
    for (const tier of settings.tiers) {
      const from = Math.max(keptFrom(to, tier, now), progress.value<number>(tier.name) ?? 0)
      await copyTier({ source, target, tier, from }, { replaces }, (untilMs) =>
        progress.commit({ set: { [tier.name]: untilMs } }),
      )
    }
  } finally {
    await target.close()
    await source.close()
    await progress.close()
  }
}

/** Sends what is still queued for ClickHouse, so that it can be read there. */
async function emptySpool(settings: Settings): Promise<void> {
  const store = await openOneSeriesStore({ ...settings, store: 'clickhouse' })
  try {
    await store.settled?.()
  } finally {
    await store.close()
  }
}

interface TierToCopy {
  source: SeriesReader
  target: SeriesStore
  tier: Tier
  /** unix ms */
  from: number
}

/** Copies a tier stretch by stretch; `commit` records up to where both stores are the same. */
async function copyTier(
  { source, target, tier, from }: TierToCopy,
  options: CopyOptions,
  commit: (untilMs: number) => Promise<void>,
): Promise<void> {
  const sum = { steps: 0, rows: 0, skipped: 0 }
  const started = performance.now()
  for await (const stretch of stretchesOf(source, tier, from)) {
    const copied = await withRetries(() => copyStretch(source, target, stretch, options))
    for (const name of ['steps', 'rows', 'skipped'] as const) sum[name] += copied[name]
    await commit(stretch.to)
    console.log(`${tier.name}: the same up to ${new Date(stretch.to).toISOString()}`)
  }
  const skipped =
    sum.skipped > 0
      ? `, ${sum.skipped} steps were there already with other figures and are kept`
      : ''
  console.log(
    `${tier.name}: ${sum.steps} steps, ${sum.rows} rows copied in ${paceOf(sum.rows, started)}${skipped}`,
  )
}

/** Tries again when a store is too busy: nothing is copied twice. */
async function withRetries<Done>(work: () => Promise<Done>): Promise<Done> {
  for (let tries = 1; ; tries++)
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof StoreFault) || tries === triesMax) throw error
      await sleep(tryAgainMs)
    }
}
