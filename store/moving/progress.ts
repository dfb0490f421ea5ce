/** How far one store has been made equal to the other, kept over restarts and changes of settings. */
import { access, rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { Settings } from '../../flow/settings/settings.ts'
import { Manifest } from '../manifest/manifest.ts'
import type { SeriesStore } from '../series.ts'
import type { DoubledParts, OwedStep } from './double.ts'
import { copyStretch } from './migrate.ts'

type Moved = 'parquet' | 'clickhouse'
type OpenSeries = (settings: Settings) => Promise<SeriesStore>

/** Set while both stores are written to: the name of the first. */
export const doubled = 'doubled'

function progressPath(data: string, to: Moved): string {
  return join(data, 'clickhouse', `migrated-to-${to}.jsonl`)
}

/** How far a store has been made equal to the other. */
export function openProgress(data: string, to: Moved) {
  return Manifest.open<OwedStep>(progressPath(data, to))
}

/** A comparison stays valid only while both stores are written to. */
export async function forgetProgress(
  data: string,
  { except }: { except: Moved | null },
): Promise<void> {
  for (const kind of ['parquet', 'clickhouse'] as const)
    if (kind !== except) await rm(progressPath(data, kind), { force: true })
}

/**
 * Copies steps that the first store refused while it was the second: the other has them.
 * @throws Error if that does not answer
 */
export async function settleOwed(settings: Settings, open: OpenSeries): Promise<void> {
  const { data, store, tiers } = settings
  if (store === 'influx') return
  const hasAny = await access(progressPath(data, store)).then(
    () => true,
    () => false,
  )
  if (!hasAny) return
  const progress = await openProgress(data, store)
  try {
    await copyOwed(settings, { to: store, tiers, progress, open })
  } catch (error) {
    const from = otherStore[store]
    throw new Error(
      `${progress.entries().length} steps are in WEIR_STORE=${from} only, and could not be copied: ` +
        `${String(error)}; start with WEIR_STORE=${from} WEIR_STORE_ALSO=${store} until it has them`,
      { cause: error },
    )
  } finally {
    await progress.close()
  }
}

/** The store that each of the two replaces. */
export const otherStore = { parquet: 'clickhouse', clickhouse: 'parquet' } as const

/** Copies the steps owed to a store from the other. */
async function copyOwed(
  settings: Settings,
  {
    to,
    tiers,
    progress,
    open,
  }: { to: Moved; open: OpenSeries } & Pick<DoubledParts, 'tiers' | 'progress'>,
): Promise<void> {
  if (progress.entries().length === 0) return
  const source = await open({ ...settings, store: otherStore[to] })
  const target = await open({ ...settings, store: to })
  try {
    for (const { file, tier: name, time } of progress.entries()) {
      const tier = tiers.find((each) => each.name === name)
      const stretch = tier && { tier, from: time, to: time + tier.stepMs }
      if (stretch) await copyStretch(source, target, stretch, { replaces: true })
      await progress.commit({ remove: [file] })
    }
  } finally {
    await target.close()
    await source.close()
  }
}
