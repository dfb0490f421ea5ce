/**
 * `weir migrate --to clickhouse|parquet`: copies the series from one store to the other, and sends
 * the archive's flows to ClickHouse. Each step and each file is read back from both and compared.
 * An interrupted run resumes where it stopped. With the collector stopped this command copies, and
 * data already in the target stays; beside a collector that writes both (WEIR_STORE_ALSO) the
 * collector copies, and this command watches and compares.
 */
import type { Settings } from '../flow/settings/settings.ts'
import { DataFolderBusy, lockDataFolder } from '../ingest/lock.ts'
import { IncidentLedger, IncidentReader } from '../store/incident/ledger.ts'
import { NotTheSame } from '../store/moving/migrate.ts'
import { openSharedIncidents, openSharedState } from '../store/open.ts'
import { StoreFault } from '../store/spool/fault.ts'
import { moveToClickHouse, moveToFiles } from '../store/state/move.ts'
import { CommandError, exitCodes, type CommandInput } from './command.ts'
import { migrateBeside } from './migrate/beside.ts'
import { compareFlows, sendFlows } from './migrate/flows.ts'
import { copySeries } from './migrate/series.ts'
import { runToEnd } from './stop.ts'

const targets = ['clickhouse', 'parquet'] as const
type Target = (typeof targets)[number]

export async function migrate({ settings, values }: CommandInput): Promise<void> {
  const to = targets.find((each) => each === values['to'])
  if (to === undefined)
    throw new CommandError('write --to clickhouse or --to parquet', exitCodes.usage)
  await runToEnd(() => migrateTo(settings, to), 'run it again to go on')
}

async function migrateTo(settings: Settings, to: Target): Promise<void> {
  try {
    const lock = await lockDataFolder(settings.data, 'migrate').catch((error: unknown) => {
      if (error instanceof DataFolderBusy) return null
      throw error
    })
    if (lock === null) await migrateBeside(settings, to)
    else
      try {
        await migrateAlone(settings, to)
      } finally {
        await lock.release()
      }
  } catch (error) {
    if (error instanceof StoreFault)
      throw new CommandError(`${error.message}; ${error.remedy}; run it again to go on`)
    if (error instanceof NotTheSame) throw new CommandError(error.message)
    throw error
  }
}

async function migrateAlone(settings: Settings, to: Target): Promise<void> {
  await (to === 'clickhouse' ? sendFlows : compareFlows)({ ...settings, store: 'clickhouse' })
  await copySeries(settings, to)
  await copyIncidents(settings, to)
  await moveState(settings, to)
  console.log(`both stores hold everything: start with WEIR_STORE=${to}`)
}

/** Incidents with their facts; if the target has the same incident, the source's version wins. */
async function copyIncidents(settings: Settings, to: Target): Promise<void> {
  const shared = (await openSharedIncidents({ ...settings, store: 'clickhouse' }))!
  const always = [-8.64e15, 8.64e15] as const
  try {
    const from = to === 'clickhouse' ? new IncidentReader(settings.data) : shared
    const incidents = await from.between(...always)
    if (to === 'clickhouse') await shared.change(incidents, [])
    else {
      const ledger = await IncidentLedger.open(settings.data)
      await ledger.addAll(incidents)
      await ledger.close()
    }
    console.log(`incidents: ${incidents.length} copied`)
  } finally {
    await shared.close()
  }
}

/** Copies user data. */
async function moveState(settings: Settings, to: Target): Promise<void> {
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
