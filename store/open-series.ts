/** Opens the series stores named in the settings. */
import { join } from 'node:path'

import type { Settings } from '../flow/settings/settings.ts'
import { DoubledSeries } from './moving/double.ts'
import { doubled, forgetProgress, openProgress, settleOwed } from './moving/progress.ts'
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
  await settleOwed(settings, openOneSeriesStore)
  await forgetProgress(data, { except: storeAlso })
  const first = await openOneSeriesStore(settings, options)
  if (storeAlso === null) return first
  const second = await openOneSeriesStore({ ...settings, store: storeAlso }, options)
  const progress = await openProgress(data, storeAlso)
  await progress.commit({ set: { [doubled]: store } })
  return new DoubledSeries({ first, second, kind: storeAlso, tiers, progress, now: Date.now })
}

/** The series store, for a read-only process. */
export function openSeriesReader(
  settings: Settings,
  options: ReaderOptions = {},
): Promise<SeriesReader> {
  return stores[settings.store].reader(settings, options)
}
