/** The series in InfluxDB, for the one process that writes them: behind a spool. */
import { mkdir } from 'node:fs/promises'

import type { Tier } from '../../flow/interval.ts'
import type { InfluxSettings } from '../../flow/settings.ts'
import type { SeriesStore } from '../series.ts'
import { openSpooledSeries } from '../spool/series.ts'
import { readCoverage, readExtent, readTop } from './answers.ts'
import { checkToken, Connection, tokenOf } from './connection.ts'
import { readRows } from './read.ts'
import { influxBehind, requestsMax } from './sending.ts'
import { readSteps } from './steps.ts'

/** A request without an answer by then is given up: ingest waits for some of them. */
const timeoutDefaultMs = 20_000

export interface InfluxSeriesOptions {
  settings: InfluxSettings
  /** Where the spool is. */
  folder: string
  /** The 5-minute tier first. */
  tiers: readonly Tier[]
  now?: () => number
  /** When a request is given up. */
  timeoutMs?: number
}

/**
 * Opens the series for the one process that writes them. InfluxDB need not be there: what is written
 * waits in the spool.
 * @throws SettingsError where the token cannot be read
 */
export async function openInfluxSeries(options: InfluxSeriesOptions): Promise<SeriesStore> {
  const { settings, folder, tiers, now = Date.now, timeoutMs = timeoutDefaultMs } = options
  await checkToken(settings)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { url, org, prefix, spoolMaxBytes } = settings
  const connection = new Connection({ url, token: tokenOf(settings), timeoutMs, requestsMax, now })
  const source = { connection, org, prefix }
  return openSpooledSeries({
    folder,
    bytesMax: spoolMaxBytes,
    tiers,
    quarantine: 'quarantine.lp',
    now,
    remote: {
      steps: (range) => readSteps(source, range),
      coverage: (range) => readCoverage(source, range),
      top: (query) => readTop(source, query),
      read: (query) => readRows(source, query),
      extent: (tier) => readExtent(source, tier),
    },
    store: (spool) => influxBehind(spool, source, tiers),
  })
}
