/** Opens the series stores named in the settings. */
import { access, rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { Settings } from '../flow/settings/settings.ts'
import { DoubledSeries, type DoubledParts, type OwedStep } from './double.ts'
import { Manifest } from './manifest/manifest.ts'
import { copyStretch } from './migrate.ts'
import { SeriesApart } from './parquet/apart.ts'
import type { SeriesReader, SeriesStore } from './series.ts'

/**
 * Loaded on demand: the files need DuckDB, which ingest does without, and remote stores need their
 * clients, without which a start is faster.
 */
const parquet = () => import('./parquet/series.ts')
const influx = {
  series: () => import('./influx/series.ts'),
  reader: () => import('./influx/reader.ts'),
}
const clickHouse = () => import('./clickhouse/series.ts')

interface ReaderOptions {
  /**
   * Whether to hold files that are asked for repeatedly in memory; for processes that answer many
   * queries.
   */
  holdsFiles?: boolean
}

interface WriterOptions {
  /** Whether a separate process writes and queries the files. */
  isApart?: boolean
}

/** How to open each kind of store: for the one process that writes, and for readers. */
const stores: Record<
  Settings['store'],
  {
    writer: (settings: Settings, options: WriterOptions) => Promise<SeriesStore>
    reader: (settings: Settings, options: ReaderOptions) => Promise<SeriesReader>
  }
> = {
  parquet: {
    writer: async ({ data }, { isApart = false }) => {
      const folder = join(data, 'series')
      if (isApart) return SeriesApart.open({ folder, lock: join(data, 'run', 'series.sock') })
      return (await parquet()).openParquetSeries(folder)
    },
    reader: async ({ data }, options) =>
      (await parquet()).openParquetSeriesReader(join(data, 'series'), options),
  },
  influx: {
    writer: async ({ data, tiers, influx: settings }) => {
      const { openInfluxSeries } = await influx.series()
      return openInfluxSeries({ settings, folder: join(data, 'influx'), tiers })
    },
    reader: async (settings) => (await influx.reader()).openInfluxSeriesReader(settings.influx),
  },
  clickhouse: {
    writer: async ({ data, tiers, clickhouse: settings }) => {
      const { openClickHouseSeries } = await clickHouse()
      return openClickHouseSeries({ settings, folder: join(data, 'clickhouse'), tiers })
    },
    reader: async ({ clickhouse }) => (await clickHouse()).openClickHouseSeriesReader(clickhouse),
  },
}

/** One series store, for a process that copies between stores. */
export function openOneSeriesStore(
  settings: Settings,
  options: WriterOptions = {},
): Promise<SeriesStore> {
  return stores[settings.store].writer(settings, options)
}

/**
 * The series store, for the one process that writes; with a second one, if the settings name one.
 * @throws Error if steps are owed to the store, and the one that has them does not answer
 */
export async function openSeriesStore(
  settings: Settings,
  options: WriterOptions = {},
): Promise<SeriesStore> {
  const { data, store, storeAlso, tiers } = settings
  await settleOwed(settings)
  // A comparison stays valid only while both are written to.
  for (const kind of ['parquet', 'clickhouse'] as const)
    if (kind !== storeAlso) await rm(progressPath(data, kind), { force: true })
  const first = await openOneSeriesStore(settings, options)
  if (storeAlso === null) return first
  const second = await openOneSeriesStore({ ...settings, store: storeAlso }, options)
  const progress = await openProgress(data, storeAlso)
  await progress.commit({ set: { [doubled]: store } })
  return new DoubledSeries({ first, second, kind: storeAlso, tiers, progress, now: Date.now })
}

/** Set while both stores are written to: the name of the first. */
export const doubled = 'doubled'

function progressPath(data: string, to: 'parquet' | 'clickhouse'): string {
  return join(data, 'clickhouse', `migrated-to-${to}.jsonl`)
}

/** How far a store has been made equal to the other. */
export function openProgress(data: string, to: 'parquet' | 'clickhouse') {
  return Manifest.open<OwedStep>(progressPath(data, to))
}

/** Copies steps that the first store refused while it was the second: the other has them. */
async function settleOwed(settings: Settings): Promise<void> {
  const { data, store, tiers } = settings
  if (store === 'influx') return
  const hasAny = await access(progressPath(data, store)).then(
    () => true,
    () => false,
  )
  if (!hasAny) return
  const progress = await openProgress(data, store)
  try {
    await copyOwed(settings, { to: store, tiers, progress })
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
  }: { to: 'parquet' | 'clickhouse' } & Pick<DoubledParts, 'tiers' | 'progress'>,
): Promise<void> {
  if (progress.entries().length === 0) return
  const source = await openOneSeriesStore({ ...settings, store: otherStore[to] })
  const target = await openOneSeriesStore({ ...settings, store: to })
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

/** The series store, for a read-only process. */
export function openSeriesReader(
  settings: Settings,
  options: ReaderOptions = {},
): Promise<SeriesReader> {
  return stores[settings.store].reader(settings, options)
}
