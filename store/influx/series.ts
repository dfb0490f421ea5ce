/** The series in InfluxDB, for the single writing process: behind a spool. */
import type { Tier } from '../../flow/interval.ts'
import type { InfluxSettings } from '../../flow/settings/settings.ts'
import { writerMsMax } from '../remote/series.ts'
import type { SeriesStore } from '../series.ts'
import { openSpooledSeries } from '../spool/series.ts'
import { checkToken, Connection, tokenOf } from './connection.ts'
import { remoteSeries } from './reader.ts'
import { influxBehind, requestsMax } from './sending.ts'

interface InfluxSeriesOptions {
  settings: InfluxSettings
  /** The folder of the spool. */
  folder: string
  /** The 5-minute tier first. */
  tiers: readonly Tier[]
  now?: () => number
  /** When a request is aborted. */
  timeoutMs?: number
}

/**
 * Opens the series for the one process that writes them. InfluxDB need not be up: writes wait in the
 * spool.
 * @throws SettingsError if the token cannot be read
 */
export async function openInfluxSeries(options: InfluxSeriesOptions): Promise<SeriesStore> {
  const { settings, folder, tiers, now = Date.now, timeoutMs = writerMsMax } = options
  await checkToken(settings)
  const { url, org, prefix, spoolMaxBytes } = settings
  const connection = new Connection({ url, token: tokenOf(settings), timeoutMs, requestsMax, now })
  const source = { connection, org, prefix }
  return openSpooledSeries({
    folder,
    bytesMax: spoolMaxBytes,
    tiers,
    quarantine: 'quarantine.lp',
    now,
    remote: remoteSeries(source),
    store: (spool) => influxBehind(spool, source, tiers),
  })
}
