/** Series stores in real ClickHouse nodes, each in a database of its own. */
import { readSettings } from '../../flow/settings.ts'
import type { ClickHouseSettings } from '../../flow/clickhouse-specs.ts'
import { openClickHouseSeries } from '../../store/clickhouse/series.ts'
import type { RunningClickHouse } from '../clickhouse.ts'
import { reopened } from './reopened.ts'
import { tiers } from './series-rows.ts'

let databases = 0

/** Settings for a database that nobody else uses; its tables are made. */
export async function ownDatabase(nodes: RunningClickHouse): Promise<ClickHouseSettings> {
  const database = `test${process.pid}x${databases++}`
  await nodes.setUp(database)
  return readSettings(nodes.environment(database)).clickhouse
}

/** An empty store, as the contract wants it. */
export async function openEmpty(nodes: RunningClickHouse) {
  const settings = await ownDatabase(nodes)
  const opened = await reopened((folder) =>
    openClickHouseSeries({ settings, folder, tiers: Object.values(tiers) }),
  )
  return { ...opened, settings }
}
