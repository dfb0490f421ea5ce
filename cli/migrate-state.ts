/** User data is copied when series and flows are migrated. */
import type { Settings } from '../flow/settings.ts'
import { openSharedState } from '../store/open.ts'
import { moveToFiles, moveToClickHouse } from '../store/state-move.ts'

/** @throws StoreFault; may be run again */
export async function moveState(settings: Settings, to: 'clickhouse' | 'parquet'): Promise<void> {
  const shared = (await openSharedState({ ...settings, store: 'clickhouse' }))!
  const { state } = shared
  try {
    const { data, clickhouse } = settings
    const given = { state, database: clickhouse.database, isAgain: true }
    const moved =
      to === 'clickhouse' ? await moveToClickHouse(data, given) : await moveToFiles(data, state)
    const { moved: count, skipped } = moved!
    console.log(
      `users, dashboards and the like: ${count} documents copied, ${skipped} were there already`,
    )
  } finally {
    await shared.close()
  }
}
