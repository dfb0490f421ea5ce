/** Series stores in real ClickHouse nodes, each in its own database. */
import type { ClickHouseSettings } from '../../../flow/settings/clickhouse-specs.ts'
import { openClickHouseSeries } from '../../../store/clickhouse/series.ts'
import type { RunningClickHouse } from '../../clickhouse.ts'
import { reopened } from '../reopened.ts'
import { tiers } from '../series-rows.ts'

let databases = 0

/** Settings for an unused database, with its tables. */
export async function ownDatabase(nodes: RunningClickHouse): Promise<ClickHouseSettings> {
  const database = `test${process.pid}x${databases++}`
  return (await nodes.provide(database)).clickhouse
}

/** An empty store, as the contract requires. */
export async function openEmpty(nodes: RunningClickHouse) {
  const settings = await ownDatabase(nodes)
  const opened = await reopened((folder) =>
    openClickHouseSeries({ settings, folder, tiers: Object.values(tiers) }),
  )
  return { ...opened, settings }
}
