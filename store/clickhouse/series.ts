/** The series in ClickHouse: for the single writing process, behind a spool, and for readers. */
import type { Tier } from '../../flow/interval.ts'
import type { ClickHouseSettings } from '../../flow/settings/clickhouse-specs.ts'
import type { SeriesReader, SeriesStore } from '../series.ts'
import { Pulse } from '../remote/pulse.ts'
import { queryMsMax, remoteReader, writerMsMax, type RemoteSeries } from '../remote/series.ts'
import { openSpooledSeries } from '../spool/series.ts'
import { readCoverage, readRows, readTop } from './answers.ts'
import { checkPassword, Connection } from './connection.ts'
import { readExtent, readViews, type ClickHouseSource } from './rows.ts'
import { clickHouseBehind, requestsMax } from './sending.ts'
import { readSteps } from './steps.ts'

interface ClickHouseSeriesOptions {
  settings: ClickHouseSettings
  /** The spool's folder. */
  folder: string
  /** The 5-minute tier first. */
  tiers: readonly Tier[]
  now?: () => number
  timeoutMs?: number
}

/**
 * Opens the series for the single writing process. ClickHouse need not be up: writes wait in the
 * spool.
 * @throws SettingsError if the password cannot be read
 */
export async function openClickHouseSeries(options: ClickHouseSeriesOptions): Promise<SeriesStore> {
  const { settings, folder, tiers, now = Date.now, timeoutMs = writerMsMax } = options
  await checkPassword(settings)
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

/** Opens the series for a reading process: queries fail while ClickHouse is down. */
export async function openClickHouseSeriesReader(
  settings: ClickHouseSettings,
): Promise<SeriesReader> {
  await checkPassword(settings)
  const connection = new Connection({ settings, timeoutMs: queryMsMax, pulse: new Pulse() })
  return remoteReader(remoteSeries({ connection }), () => connection.close())
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
