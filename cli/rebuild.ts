/** `weir rebuild`: rebuilds the series of a span of time from the archive. */
import { join } from 'node:path'

import { intervalMs, intervalStart } from '../flow/interval.ts'
import { zoneOf, type Settings } from '../flow/settings/settings.ts'
import { parseTime } from '../flow/time-grammar.ts'
import { CoverageTracker } from '../ingest/coverage/coverage.ts'
import { finishImport } from '../ingest/import/finish-import.ts'
import { writeSeries } from '../ingest/import/write-series.ts'
import { judgeNow } from '../ingest/incidents/judge-now.ts'
import { lockDataFolder } from '../ingest/lock.ts'
import { Archive } from '../store/archive/archive.ts'
import { EntryTimes } from '../store/archive/entry-times.ts'
import { openSeriesStore } from '../store/open-series.ts'
import { CommandError, exitCodes, type CommandInput } from './command.ts'
import { runToEnd } from './stop.ts'

export async function rebuild({ settings, values }: CommandInput): Promise<void> {
  const from = time(values['from'], 'from', zoneOf(settings))
  const to = time(values['to'], 'to', zoneOf(settings))
  if (to <= from) throw new CommandError('--to must be later than --from', exitCodes.usage)
  await runToEnd(() => rebuildBetween(settings, from, to), 'run it again to finish it')
}

async function rebuildBetween(settings: Settings, from: number, to: number): Promise<void> {
  const lock = await lockDataFolder(settings.data, 'rebuild')
  const archive = await Archive.open(join(settings.data, 'archive'))
  try {
    const oldestMs = archive.completeFrom()
    const times = new EntryTimes(archive.entries())
    const redo = intervalsHeld(times, { from: Math.max(from, oldestMs), to })
    const { made, kept } = await write(settings, archive, redo)
    await judgeNow(settings)
    console.log(`${made} intervals rebuilt from the archive`)
    if (kept > 0)
      console.log(`${kept} stay as they are stored: the archive no longer has all of their flows`)
    if (from < oldestMs)
      console.log(
        `those before ${iso(oldestMs)} stay as they are: flows of that time have been deleted from the archive`,
      )
    if (redo.length === 0) console.error(`weir: ${heldText(settings.data, times)}`)
  } finally {
    await archive.close()
    await lock.release()
  }
}

/** The intervals of a span in which flows of the archive may have been active, unix ms. */
function intervalsHeld(times: EntryTimes, { from, to }: { from: number; to: number }): number[] {
  const held: number[] = []
  // A span may be of decades, of which the archive has days.
  const end = Math.min(to, times.last + 1)
  for (let t = intervalStart(Math.max(from, times.first)); t < end; t += intervalMs)
    if (times.touching({ from: t, to: t + intervalMs }).length > 0) held.push(t)
  return held
}

/** Why there was nothing to rebuild. */
function heldText(data: string, { first, last }: EntryTimes): string {
  return first > last
    ? `there are no flows in ${data}: set WEIR_DATA to the data folder`
    : `the flows in ${data} are of ${iso(first)} to ${iso(last)}: name a time within`
}

function iso(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

async function write(settings: Settings, archive: Archive, redo: number[]) {
  const coverage = new CoverageTracker(Number.NEGATIVE_INFINITY)
  const store = await openSeriesStore(settings)
  try {
    await finishImport(settings, archive, store)
    await archive.publish({ redo })
    return await writeSeries({ settings, archive, store, coverage })
  } finally {
    await store.close()
  }
}

function time(value: unknown, side: 'from' | 'to', zone: string): number {
  const text = typeof value === 'string' ? value : ''
  const t = parseTime(text, { now: Date.now(), zone, side })
  if (t === null)
    throw new CommandError(
      `--${side} ${text}: write a time such as 2026-11-16T11:00Z or now-6h`,
      exitCodes.usage,
    )
  return t
}
