/** The series in ClickHouse: for the one process that writes them, behind a spool, and for those that ask. */
import { mkdir } from 'node:fs/promises'

import type { Tier } from '../../flow/interval.ts'
import type { ClickHouseSettings } from '../../flow/clickhouse-specs.ts'
import type { SeriesReader, SeriesStore } from '../series.ts'
import { openSpooledSeries, type RemoteSeries } from '../spool/series.ts'
import { readCoverage, readRows, readTop } from './answers.ts'
import { checkPassword, Connection } from './connection.ts'
import { readExtent, readViews, type ClickHouseSource } from './rows.ts'
import { clickHouseBehind, requestsMax } from './sending.ts'
import { readSteps } from './steps.ts'

/** A request without an answer by then is given up: ingest waits for some of them. */
const writerMsMax = 20_000
const queryMsMax = 30_000
/** What was found of a tier's first and last step holds for so long, for a process that only asks. */
const extentMsMax = 3000

export interface ClickHouseSeriesOptions {
  settings: ClickHouseSettings
  /** Where the spool is. */
  folder: string
  /** The 5-minute tier first. */
  tiers: readonly Tier[]
  now?: () => number
  timeoutMs?: number
}

/**
 * Opens the series for the one process that writes them. ClickHouse need not be there: what is
 * written waits in the spool.
 * @throws SettingsError where the password cannot be read
 */
export async function openClickHouseSeries(options: ClickHouseSeriesOptions): Promise<SeriesStore> {
  const { settings, folder, tiers, now = Date.now, timeoutMs = writerMsMax } = options
  await checkPassword(settings)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const connection = new Connection({ settings, timeoutMs, requestsMax })
  const { writer } = settings
  return openSpooledSeries({
    folder,
    bytesMax: settings.spoolMaxBytes,
    tiers,
    quarantine: 'quarantine.jsonl',
    now,
    remote: remoteSeries({ connection, writer }),
    others: {
      views: (range) => readViews({ connection }, range, writer),
      steps: (range) => readSteps({ connection, otherThan: writer }, range),
    },
    store: () => clickHouseBehind(connection, { writer, tiers }),
    close: () => connection.close(),
  })
}

/** Opens the series for a process that only asks: questions fail while ClickHouse is away. */
export async function openClickHouseSeriesReader(
  settings: ClickHouseSettings,
): Promise<SeriesReader> {
  await checkPassword(settings)
  const connection = new Connection({ settings, timeoutMs: queryMsMax })
  const remote = remoteSeries({ connection })
  const extents = new Map<string, { found: ReturnType<RemoteSeries['extent']>; at: number }>()
  return {
    ...remote,
    async extent(tier) {
      const held = extents.get(tier.name)
      if (held && performance.now() - held.at < extentMsMax) return held.found
      const found = await remote.extent(tier)
      if (found) extents.set(tier.name, { found: Promise.resolve(found), at: performance.now() })
      return found
    },
    close: () => connection.close(),
  }
}

function remoteSeries(source: ClickHouseSource): RemoteSeries {
  return {
    steps: (range) => readSteps(source, range),
    coverage: (range) => readCoverage(source, range),
    top: (query) => readTop(source, query),
    read: (query) => readRows(source, query),
    extent: (tier) => readExtent(source, tier),
  }
}
