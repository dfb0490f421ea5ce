/**
 * `weir migrate --to clickhouse|parquet`: copies the series from the one store to the other, and sends
 * the archive's flows to ClickHouse, with the collector stopped. Each stretch of time is read back from
 * both and compared. What breaks off goes on where it was; what the target has already stays.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import { intervalStart } from '../flow/interval.ts'
import type { Settings } from '../flow/settings.ts'
import { DataFolderBusy, lockDataFolder } from '../ingest/lock.ts'
import { Manifest } from '../store/manifest.ts'
import { copyStretch, NotTheSame, stretchesOf } from '../store/migrate.ts'
import { openSeriesReader, openSeriesStore } from '../store/open.ts'
import { StoreFault } from '../store/spool/fault.ts'
import { CommandError, exitCodes, type CommandInput } from './command.ts'
import { compareFlows, paceOf, sendFlows } from './migrate-flows.ts'
import { moveState } from './migrate-state.ts'

const targets = ['clickhouse', 'parquet'] as const
type Target = (typeof targets)[number]
const opposite: Record<Target, Target> = { clickhouse: 'parquet', parquet: 'clickhouse' }

export async function migrate({ settings, values }: CommandInput): Promise<void> {
  const to = targets.find((each) => each === values['to'])
  if (to === undefined)
    throw new CommandError('write --to clickhouse or --to parquet', exitCodes.usage)
  const lock = await lockDataFolder(settings.data).catch((error: unknown) => {
    throw error instanceof DataFolderBusy ? new CommandError(error.message) : error
  })
  try {
    await (to === 'clickhouse' ? sendFlows : compareFlows)({ ...settings, store: 'clickhouse' })
    await copySeries(settings, to)
    await moveState(settings, to)
  } catch (error) {
    if (error instanceof StoreFault)
      throw new CommandError(`${error.message}; ${error.remedy}; run it again to go on`)
    if (error instanceof NotTheSame) throw new CommandError(error.message)
    throw error
  } finally {
    await lock.release()
  }
}

async function copySeries(settings: Settings, to: Target): Promise<void> {
  const folder = join(settings.data, 'clickhouse')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const now = Date.now()
  const done = await Manifest.open(join(folder, `migrated-to-${to}.jsonl`))
  const source = await openSeriesReader({ ...settings, store: opposite[to] })
  const target = await openSeriesStore({ ...settings, store: to })
  try {
    for (const tier of settings.tiers) {
      // What ClickHouse would not keep is not sent to it: its retention is by the clock.
      const kept =
        to === 'clickhouse' ? intervalStart(now - tier.keepMs, tier.stepMs) + tier.stepMs : 0
      const from = Math.max(kept, done.value<number>(tier.name) ?? 0)
      const sum = { steps: 0, rows: 0, left: 0 }
      const started = performance.now()
      for await (const stretch of stretchesOf(source, tier, from)) {
        const copied = await copyStretch(source, target, stretch)
        for (const name of ['steps', 'rows', 'left'] as const) sum[name] += copied[name]
        await done.commit({ set: { [tier.name]: stretch.to } })
        console.log(`${tier.name}: the same up to ${new Date(stretch.to).toISOString()}`)
      }
      const left = sum.left > 0 ? `, ${sum.left} steps were there with other figures and stay` : ''
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
