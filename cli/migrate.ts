/**
 * `weir migrate --to clickhouse|parquet`: copies the series from one store to the other, and sends
 * the archive's flows to ClickHouse. Each step and each file is read back from both and compared.
 * An interrupted run resumes where it stopped. With the collector stopped this command copies, and
 * data already in the target stays; beside a collector that writes both (WEIR_STORE_ALSO) the
 * collector copies, and this command watches and compares.
 */
import { setTimeout as sleep } from 'node:timers/promises'

import type { Settings } from '../flow/settings.ts'
import { DataFolderBusy, lockDataFolder } from '../ingest/lock.ts'
import { keptFrom } from '../store/double.ts'
import { IncidentLedger, IncidentReader } from '../store/incident/ledger.ts'
import { copyStretch, NotTheSame, stretchesOf } from '../store/migrate.ts'
import {
  doubled,
  openOneSeriesStore,
  openProgress,
  openSeriesReader,
  otherStore,
} from '../store/open-series.ts'
import { openSharedIncidents } from '../store/open.ts'
import { StoreFault } from '../store/spool/fault.ts'
import { CommandError, exitCodes, type CommandInput } from './command.ts'
import { migrateBeside } from './migrate-beside.ts'
import { compareFlows, paceOf, sendFlows } from './migrate-flows.ts'
import { moveState } from './migrate-state.ts'

/** Attempts per stretch, with a pause between them. */
const triesMax = 4
const tryAgainMs = 5000
const targets = ['clickhouse', 'parquet'] as const
type Target = (typeof targets)[number]

export async function migrate({ settings, values }: CommandInput): Promise<void> {
  const to = targets.find((each) => each === values['to'])
  if (to === undefined)
    throw new CommandError('write --to clickhouse or --to parquet', exitCodes.usage)
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

async function copySeries(settings: Settings, to: Target): Promise<void> {
  const now = Date.now()
  const done = await openProgress(settings.data, to)
  if (to === 'parquet') await emptySpool(settings)
  const source = await openSeriesReader({ ...settings, store: otherStore[to] })
  const target = await openOneSeriesStore({ ...settings, store: to })
  // After double writing the source is right: the target may lack the latest writes.
  const replaces = done.value<string>(doubled) === otherStore[to]
  try {
    for (const tier of settings.tiers) {
      const from = Math.max(keptFrom(to, tier, now), done.value<number>(tier.name) ?? 0)
      const sum = { steps: 0, rows: 0, left: 0 }
      const started = performance.now()
      for await (const stretch of stretchesOf(source, tier, from)) {
        const copied = await patiently(() => copyStretch(source, target, stretch, { replaces }))
        for (const name of ['steps', 'rows', 'left'] as const) sum[name] += copied[name]
        await done.commit({ set: { [tier.name]: stretch.to } })
        console.log(`${tier.name}: the same up to ${new Date(stretch.to).toISOString()}`)
      }
      const left =
        sum.left > 0 ? `, ${sum.left} steps were there already with other figures and are kept` : ''
      console.log(
        `${tier.name}: ${sum.steps} steps, ${sum.rows} rows copied in ${paceOf(sum.rows, started)}${left}`,
      )
    }
  } finally {
    await target.close()
    await source.close()
    await done.close()
  }
}

/** Tries again when a store is too busy: nothing is copied twice. */
async function patiently<Done>(work: () => Promise<Done>): Promise<Done> {
  for (let tries = 1; ; tries++)
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof StoreFault) || tries === triesMax) throw error
      await sleep(tryAgainMs)
    }
}

/** Sends what is still queued for ClickHouse, so that it can be read there. */
async function emptySpool(settings: Settings): Promise<void> {
  const store = await openOneSeriesStore({ ...settings, store: 'clickhouse' })
  try {
    await store.settled?.()
  } finally {
    await store.close()
  }
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
      await ledger.takeOver(incidents)
      await ledger.close()
    }
    console.log(`incidents: ${incidents.length} copied`)
  } finally {
    await shared.close()
  }
}
