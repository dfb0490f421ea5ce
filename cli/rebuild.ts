/** `weir rebuild`: rebuilds the series of a span of time from the archive. */
import { join } from 'node:path'

import { intervalMs, intervalStart } from '../flow/interval.ts'
import { zoneOf, type Settings } from '../flow/settings.ts'
import { parseTime } from '../flow/time-grammar.ts'
import { CoverageTracker } from '../ingest/coverage/coverage.ts'
import { finishImport } from '../ingest/import/finish-import.ts'
import { writeSeries } from '../ingest/import/write-series.ts'
import { judgeNow } from '../ingest/incidents/judge-now.ts'
import { lockDataFolder } from '../ingest/lock.ts'
import { Archive } from '../store/archive/archive.ts'
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
    const redo: number[] = []
    const entries = archive.entries()
    for (let t = intervalStart(from); t < to; t += intervalMs)
      if (entries.some(({ firstMin, lastMax }) => firstMin < t + intervalMs && lastMax >= t))
        redo.push(t)
    const made = await write(settings, archive, redo)
    await judgeNow(settings)
    console.log(`${made} intervals rebuilt from the archive`)
  } finally {
    await archive.close()
    await lock.release()
  }
}

async function write(settings: Settings, archive: Archive, redo: number[]): Promise<number> {
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
