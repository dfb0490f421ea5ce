/** Opens the stores that the settings name. */
import { join } from 'node:path'

import type { Settings } from '../flow/settings.ts'
import { openClickHouseSeries, openClickHouseSeriesReader } from './clickhouse/series.ts'
import { openInfluxSeriesReader } from './influx/reader.ts'
import { openInfluxSeries } from './influx/series.ts'
import { openParquetSeries, openParquetSeriesReader } from './parquet/series.ts'
import type { SeriesReader, SeriesStore } from './series.ts'

/** What of each kind of store there is to open: for the one process that writes, and for those that ask. */
const stores: Record<
  Settings['store'],
  {
    writer: (settings: Settings) => Promise<SeriesStore>
    reader: (settings: Settings) => Promise<SeriesReader>
  }
> = {
  parquet: {
    writer: ({ data }) => openParquetSeries(join(data, 'series')),
    reader: ({ data }) => openParquetSeriesReader(join(data, 'series')),
  },
  influx: {
    writer: ({ data, tiers, influx }) =>
      openInfluxSeries({ settings: influx, folder: join(data, 'influx'), tiers }),
    reader: ({ influx }) => openInfluxSeriesReader(influx),
  },
  clickhouse: {
    writer: ({ data, tiers, clickhouse }) =>
      openClickHouseSeries({ settings: clickhouse, folder: join(data, 'clickhouse'), tiers }),
    reader: ({ clickhouse }) => openClickHouseSeriesReader(clickhouse),
  },
}

/** The series store, for the one process that writes. */
export function openSeriesStore(settings: Settings): Promise<SeriesStore> {
  return stores[settings.store].writer(settings)
}

/** The series store, for a process that only asks. */
export function openSeriesReader(settings: Settings): Promise<SeriesReader> {
  return stores[settings.store].reader(settings)
}
