/** Opens the stores that the settings name. */
import { join } from 'node:path'

import type { Settings } from '../flow/settings.ts'
import { openFlowStore } from './archive/query.ts'
import { checkPassword, Connection } from './clickhouse/connection.ts'
import { openClickHouseFlows } from './clickhouse/flows.ts'
import { openClickHouseSeries, openClickHouseSeriesReader } from './clickhouse/series.ts'
import { Shipping } from './clickhouse/shipping.ts'
import type { FlowStore } from './flows.ts'
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

/** The flows, for a process that asks: the archive in the data folder, or ClickHouse. */
export async function openFlows(settings: Settings): Promise<FlowStore> {
  const { data, local, store, clickhouse, archiveKeepMs } = settings
  return store === 'clickhouse'
    ? openClickHouseFlows({ settings: clickhouse, local, keepMs: archiveKeepMs })
    : openFlowStore(join(data, 'archive'), { local })
}

/** A file of the archive takes about a second a million flows; a slow disk more. */
const shippingMsMax = 600_000

/** What sends the archive's closed files to ClickHouse, where flows are kept there too; else null. */
export async function openShipping(settings: Settings): Promise<Shipping | null> {
  const { data, store, clickhouse, archiveKeepMs } = settings
  if (store !== 'clickhouse') return null
  await checkPassword(clickhouse)
  return Shipping.open({
    archive: join(data, 'archive'),
    folder: join(data, 'clickhouse'),
    connection: new Connection({ settings: clickhouse, timeoutMs: shippingMsMax }),
    writer: clickhouse.writer,
    keepMs: archiveKeepMs,
    now: Date.now,
  })
}
