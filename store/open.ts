/** Opens the stores that the settings name. */
import { join } from 'node:path'

import type { Settings } from '../flow/settings.ts'
import { openFlowStore } from './archive/query.ts'
import { checkPassword, Connection } from './clickhouse/connection.ts'
import { Exchange, readStatuses } from './clickhouse/exchange.ts'
import { openClickHouseFlows } from './clickhouse/flows.ts'
import { ClickHouseIncidents } from './clickhouse/incidents.ts'
import { isShippedThrough, readHeard } from './clickhouse/moved.ts'
import { openClickHouseSeries, openClickHouseSeriesReader } from './clickhouse/series.ts'
import { Shipping } from './clickhouse/shipping.ts'
import type { FlowStore } from './flows.ts'
import { IncidentReader, type IncidentSource, type SharedIncidents } from './incident/ledger.ts'
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

/** What others say is asked for again soon. */
const exchangeMsMax = 10_000

/** What tells the collectors of one cluster of each other; null where there is only one. */
export async function openExchange(settings: Settings): Promise<Exchange | null> {
  const { store, clickhouse } = settings
  if (store !== 'clickhouse') return null
  await checkPassword(clickhouse)
  const connection = new Connection({ settings: clickhouse, timeoutMs: exchangeMsMax })
  return new Exchange({ connection, writer: clickhouse.writer, now: Date.now })
}

/** What collectors last said of themselves, for a process that asks; null where there is only one. */
export async function openStatuses(settings: Settings) {
  const { store, clickhouse } = settings
  if (store !== 'clickhouse') return null
  await checkPassword(clickhouse)
  const connection = new Connection({ settings: clickhouse, timeoutMs: exchangeMsMax })
  return { read: () => readStatuses(connection), close: () => connection.close() }
}

/** What of several collectors' flows a judge needs; null where there is only one. */
export async function openElsewhere(settings: Settings) {
  if (settings.store !== 'clickhouse') return null
  const { clickhouse, tiers } = settings
  const flows = await openFlows(settings)
  const connection = new Connection({ settings: clickhouse, timeoutMs: exchangeMsMax })
  return {
    flows,
    heard: (time: { from: number; to: number }) =>
      readHeard(connection, clickhouse.writer, { tier: tiers[0]!, ...time }),
    isWhole: (ms: number) => isShippedThrough(connection, ms),
    close: async () => {
      await Promise.all([flows.close(), connection.close()])
    },
  }
}

/** Incidents that collectors share; null where they are kept in the data folder. */
export async function openSharedIncidents({
  store,
  clickhouse,
}: Settings): Promise<SharedIncidents | null> {
  if (store !== 'clickhouse') return null
  await checkPassword(clickhouse)
  return new ClickHouseIncidents(new Connection({ settings: clickhouse, timeoutMs: exchangeMsMax }))
}

/** Incidents, for a process that asks. */
export async function openIncidents(
  settings: Settings,
): Promise<IncidentSource & { close(): Promise<void> }> {
  const shared = await openSharedIncidents(settings)
  if (shared) return shared
  const reader = new IncidentReader(settings.data)
  return { between: (from, to) => reader.between(from, to), close: async () => undefined }
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
