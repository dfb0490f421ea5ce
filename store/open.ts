/** Opens the flow stores of the settings, and what the collectors of a cluster share. */
import { join } from 'node:path'

import { sendsFlows, type Settings } from '../flow/settings/settings.ts'
import type { Exchange } from './clickhouse/exchange.ts'
import type { Shipping } from './clickhouse/shipping.ts'
import type { ClickHouseLogs } from './clickhouse/state-logs.ts'
import type { ClickHouseState } from './clickhouse/state.ts'
import type { FlowStore } from './flows.ts'
import { IncidentReader, type IncidentSource, type SharedIncidents } from './incident/ledger.ts'

/** Loaded only by processes that query files: it brings in DuckDB, which ingest does without. */
const archive = () => import('./archive/query.ts')
/** Loaded only if the settings name it, which makes other starts faster. */
const clickHouse = {
  connection: () => import('./clickhouse/connection.ts'),
  exchange: () => import('./clickhouse/exchange.ts'),
  flows: () => import('./clickhouse/flows.ts'),
  incidents: () => import('./clickhouse/incidents.ts'),
  moved: () => import('./clickhouse/moved.ts'),
  shipped: () => import('./clickhouse/shipped.ts'),
  shipping: () => import('./clickhouse/shipping.ts'),
  state: () => import('./clickhouse/state.ts'),
  logs: () => import('./clickhouse/state-logs.ts'),
}

/** The flows, for a reading process: the archive in the data folder, or ClickHouse. */
export async function openFlows(
  settings: Settings,
  now: () => number = Date.now,
): Promise<FlowStore> {
  const { data, local, store, clickhouse, archiveKeepMs, tiers } = settings
  if (store !== 'clickhouse')
    return (await archive()).openFlowStore(join(data, 'archive'), { local })
  const { openClickHouseFlows } = await clickHouse.flows()
  const keepMs = archiveKeepMs
  return openClickHouseFlows({ settings: clickhouse, local, keepMs, tier: tiers[0]!, now })
}

/** A short time-out: the others' state is read again soon. */
const exchangeMsMax = 10_000

/** The exchange between the collectors of one cluster; null if there is only one. */
export async function openExchange(settings: Settings): Promise<Exchange | null> {
  const { store, clickhouse } = settings
  if (store !== 'clickhouse') return null
  const { Exchange } = await clickHouse.exchange()
  const connection = await connected(settings, exchangeMsMax)
  return new Exchange({ connection, writer: clickhouse.writer, now: Date.now })
}

/** The collectors' last reported statuses, for a reading process; null if there is only one. */
export async function openStatuses(settings: Settings) {
  if (settings.store !== 'clickhouse') return null
  const { readStatuses } = await clickHouse.exchange()
  const connection = await connected(settings, exchangeMsMax)
  return { read: () => readStatuses(connection), close: () => connection.close() }
}

/** What a judge needs of several collectors' flows; null if there is only one. */
export async function openElsewhere(settings: Settings) {
  if (settings.store !== 'clickhouse') return null
  const { clickhouse, tiers } = settings
  const { readHeard } = await clickHouse.moved()
  const { isShippedThrough } = await clickHouse.shipped()
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

/** Incidents shared by collectors; null if they are stored in the data folder. */
export async function openSharedIncidents(settings: Settings): Promise<SharedIncidents | null> {
  if (settings.store !== 'clickhouse') return null
  const { ClickHouseIncidents } = await clickHouse.incidents()
  return new ClickHouseIncidents(await connected(settings, exchangeMsMax))
}

/** Incidents, for a reading process. */
export async function openIncidents(
  settings: Settings,
): Promise<IncidentSource & { close(): Promise<void> }> {
  const shared = await openSharedIncidents(settings)
  if (shared) return shared
  const reader = new IncidentReader(settings.data)
  return { between: (from, to) => reader.between(from, to), close: async () => undefined }
}

/** The session is checked before every answer: no request waits longer for it. */
const stateMsMax = 5000

/** User documents and logs, if collectors and APIs share them. */
export interface SharedState {
  state: ClickHouseState
  logs: ClickHouseLogs
  close: () => Promise<void>
}

/** Null if they are stored in the data folder. */
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

/** An archive file takes about a second per million flows; longer on a slow disk. */
const shippingMsMax = 600_000

/** Sends the archive's closed files to ClickHouse, if flows are stored there too; else null. */
export async function openShipping(
  settings: Settings,
  now: () => number = Date.now,
): Promise<Shipping | null> {
  const { data, clickhouse, archiveKeepMs } = settings
  if (!sendsFlows(settings)) return null
  const { Shipping } = await clickHouse.shipping()
  return Shipping.open({
    archive: join(data, 'archive'),
    folder: join(data, 'clickhouse'),
    connection: await connected(settings, shippingMsMax),
    writer: clickhouse.writer,
    keepMs: archiveKeepMs,
    now,
  })
}

/** A connection to ClickHouse, once its password has been read. */
async function connected({ clickhouse }: Settings, timeoutMs: number) {
  const { checkPassword, Connection } = await clickHouse.connection()
  await checkPassword(clickhouse)
  return new Connection({ settings: clickhouse, timeoutMs })
}
