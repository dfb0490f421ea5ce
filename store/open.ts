/** Opens what the settings keep flows in, and what the collectors of a cluster share. */
import { join } from 'node:path'

import { sendsFlows, type Settings } from '../flow/settings.ts'
import type { Exchange } from './clickhouse/exchange.ts'
import type { Shipping } from './clickhouse/shipping.ts'
import type { ClickHouseLogs } from './clickhouse/state-logs.ts'
import type { ClickHouseState } from './clickhouse/state.ts'
import type { FlowStore } from './flows.ts'
import { IncidentReader, type IncidentSource, type SharedIncidents } from './incident/ledger.ts'

/** Loaded by who asks files itself: with it comes DuckDB, which ingest does without. */
const archive = () => import('./archive/query.ts')
/** Loaded where the settings name it: a start is the shorter for it. */
const clickHouse = {
  connection: () => import('./clickhouse/connection.ts'),
  exchange: () => import('./clickhouse/exchange.ts'),
  flows: () => import('./clickhouse/flows.ts'),
  incidents: () => import('./clickhouse/incidents.ts'),
  moved: () => import('./clickhouse/moved.ts'),
  shipping: () => import('./clickhouse/shipping.ts'),
  state: () => import('./clickhouse/state.ts'),
  logs: () => import('./clickhouse/state-logs.ts'),
}

/** The flows, for a process that asks: the archive in the data folder, or ClickHouse. */
export async function openFlows(settings: Settings): Promise<FlowStore> {
  const { data, local, store, clickhouse, archiveKeepMs } = settings
  if (store !== 'clickhouse')
    return (await archive()).openFlowStore(join(data, 'archive'), { local })
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
