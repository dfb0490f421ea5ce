/** Opens the stores that the settings name. */
import { access, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { sendsFlows, type Settings } from '../flow/settings.ts'
import type { Exchange } from './clickhouse/exchange.ts'
import type { Shipping } from './clickhouse/shipping.ts'
import type { ClickHouseLogs } from './clickhouse/state-logs.ts'
import type { ClickHouseState } from './clickhouse/state.ts'
import { DoubledSeries, type DoubledParts, type OwedStep } from './double.ts'
import type { FlowStore } from './flows.ts'
import { IncidentReader, type IncidentSource, type SharedIncidents } from './incident/ledger.ts'
import { Manifest } from './manifest.ts'
import { copyStretch } from './migrate.ts'
import { SeriesApart } from './parquet/apart.ts'
import type { SeriesReader, SeriesStore } from './series.ts'

/** Loaded by who asks or writes files itself: with them comes DuckDB, which ingest does without. */
const files = {
  flows: () => import('./archive/query.ts'),
  series: () => import('./parquet/series.ts'),
}
/** Stores on other machines, and their clients, are loaded where the settings name them: a start is the shorter for it. */
const influx = {
  series: () => import('./influx/series.ts'),
  reader: () => import('./influx/reader.ts'),
}
const clickHouse = {
  connection: () => import('./clickhouse/connection.ts'),
  exchange: () => import('./clickhouse/exchange.ts'),
  flows: () => import('./clickhouse/flows.ts'),
  incidents: () => import('./clickhouse/incidents.ts'),
  moved: () => import('./clickhouse/moved.ts'),
  series: () => import('./clickhouse/series.ts'),
  shipping: () => import('./clickhouse/shipping.ts'),
  state: () => import('./clickhouse/state.ts'),
  logs: () => import('./clickhouse/state-logs.ts'),
}

export interface ReaderOptions {
  /** Whether files that are asked for again are held in memory, by who answers many. */
  holds?: boolean
}

export interface WriterOptions {
  /** Whether files are written and asked by a process that is begun for it, and not by this one. */
  isApart?: boolean
}

/** What of each kind of store there is to open: for the one process that writes, and for those that ask. */
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
      return (await files.series()).openParquetSeries(folder)
    },
    reader: async ({ data }, options) =>
      (await files.series()).openParquetSeriesReader(join(data, 'series'), options),
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
      const { openClickHouseSeries } = await clickHouse.series()
      return openClickHouseSeries({ settings, folder: join(data, 'clickhouse'), tiers })
    },
    reader: async ({ clickhouse }) =>
      (await clickHouse.series()).openClickHouseSeriesReader(clickhouse),
  },
}

/** One series store, for a process that copies from one to another. */
export function openOneSeriesStore(
  settings: Settings,
  options: WriterOptions = {},
): Promise<SeriesStore> {
  return stores[settings.store].writer(settings, options)
}

/**
 * The series store, for the one process that writes; with a second one, where the settings name one.
 * @throws Error where steps are owed to the store, and the one that has them does not answer
 */
export async function openSeriesStore(
  settings: Settings,
  options: WriterOptions = {},
): Promise<SeriesStore> {
  const { data, store, storeAlso, tiers } = settings
  await settleOwed(settings)
  // What is found equal stays so only while both are written to.
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

/** How far a store was made equal to the other. */
export function openProgress(data: string, to: 'parquet' | 'clickhouse') {
  return Manifest.open<OwedStep>(progressPath(data, to))
}

/** Steps that the first store would not take while it was the second: the other has them. */
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

/** The one of the two that the other takes the place of. */
export const otherStore = { parquet: 'clickhouse', clickhouse: 'parquet' } as const

/** Copies the steps that are owed to a store from the other. */
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

/** The series store, for a process that only asks. */
export function openSeriesReader(
  settings: Settings,
  options: ReaderOptions = {},
): Promise<SeriesReader> {
  return stores[settings.store].reader(settings, options)
}

/** The flows, for a process that asks: the archive in the data folder, or ClickHouse. */
export async function openFlows(settings: Settings): Promise<FlowStore> {
  const { data, local, store, clickhouse, archiveKeepMs } = settings
  if (store !== 'clickhouse')
    return (await files.flows()).openFlowStore(join(data, 'archive'), { local })
  const { openClickHouseFlows } = await clickHouse.flows()
  return openClickHouseFlows({ settings: clickhouse, local, keepMs: archiveKeepMs })
}

/** What others say is asked for again soon. */
const exchangeMsMax = 10_000

/** What tells the collectors of one cluster of each other; null where there is only one. */
export async function openExchange(settings: Settings): Promise<Exchange | null> {
  const { store, clickhouse } = settings
  if (store !== 'clickhouse') return null
  const { Exchange } = await clickHouse.exchange()
  const connection = await connected(settings, exchangeMsMax)
  return new Exchange({ connection, writer: clickhouse.writer, now: Date.now })
}

/** What collectors last said of themselves, for a process that asks; null where there is only one. */
export async function openStatuses(settings: Settings) {
  if (settings.store !== 'clickhouse') return null
  const { readStatuses } = await clickHouse.exchange()
  const connection = await connected(settings, exchangeMsMax)
  return { read: () => readStatuses(connection), close: () => connection.close() }
}

/** What of several collectors' flows a judge needs; null where there is only one. */
export async function openElsewhere(settings: Settings) {
  if (settings.store !== 'clickhouse') return null
  const { clickhouse, tiers } = settings
  const { isShippedThrough, readHeard } = await clickHouse.moved()
  const flows = await openFlows(settings)
  const connection = await connected(settings, exchangeMsMax)
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
export async function openSharedIncidents(settings: Settings): Promise<SharedIncidents | null> {
  if (settings.store !== 'clickhouse') return null
  const { ClickHouseIncidents } = await clickHouse.incidents()
  return new ClickHouseIncidents(await connected(settings, exchangeMsMax))
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

/** A session is looked at before anything is answered: nobody waits longer for it. */
const stateMsMax = 5000

/** What people made and what was done, where collectors and APIs share it. */
export interface SharedState {
  state: ClickHouseState
  logs: ClickHouseLogs
  close: () => Promise<void>
}

/** Null where it is kept in the data folder. */
export async function openSharedState(
  settings: Settings,
  now: () => number = Date.now,
): Promise<SharedState | null> {
  if (settings.store !== 'clickhouse') return null
  const { ClickHouseState } = await clickHouse.state()
  const { ClickHouseLogs } = await clickHouse.logs()
  const connection = await connected(settings, stateMsMax)
  const state = new ClickHouseState({ connection, now })
  return { state, logs: new ClickHouseLogs(connection, now), close: () => state.close() }
}

/** A file of the archive takes about a second a million flows; a slow disk more. */
const shippingMsMax = 600_000

/** What sends the archive's closed files to ClickHouse, where flows are kept there too; else null. */
export async function openShipping(settings: Settings): Promise<Shipping | null> {
  const { data, clickhouse, archiveKeepMs } = settings
  if (!sendsFlows(settings)) return null
  const { Shipping } = await clickHouse.shipping()
  return Shipping.open({
    archive: join(data, 'archive'),
    folder: join(data, 'clickhouse'),
    connection: await connected(settings, shippingMsMax),
    writer: clickhouse.writer,
    keepMs: archiveKeepMs,
    now: Date.now,
  })
}

/** A connection to ClickHouse whose password could be read. */
async function connected({ clickhouse }: Settings, timeoutMs: number) {
  const { checkPassword, Connection } = await clickHouse.connection()
  await checkPassword(clickhouse)
  return new Connection({ settings: clickhouse, timeoutMs })
}
