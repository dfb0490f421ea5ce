/** The series in InfluxDB, for a read-only process. */
import type { InfluxSettings } from '../../flow/settings/settings.ts'
import { Pulse } from '../remote/pulse.ts'
import { queryMsMax, remoteReader, type RemoteSeries } from '../remote/series.ts'
import type { SeriesReader } from '../series.ts'
import { readCoverage, readExtent, readTop } from './answers.ts'
import { checkToken, Connection, tokenOf } from './connection.ts'
import { readRows } from './read.ts'
import type { InfluxSource } from './rows.ts'
import { readSteps } from './steps.ts'

/**
 * Opens the series for a read-only process. InfluxDB need not be up yet: queries fail while it is
 * away.
 * @throws SettingsError if the token cannot be read
 */
export async function openInfluxSeriesReader(settings: InfluxSettings): Promise<SeriesReader> {
  await checkToken(settings)
  const { url, org, prefix } = settings
  const connection = new Connection({
    url,
    token: tokenOf(settings),
    timeoutMs: queryMsMax,
    pulse: new Pulse(),
  })
  // Requests end by themselves: there is nothing to close.
  return remoteReader(remoteSeries({ connection, org, prefix }), async () => undefined)
}

export function remoteSeries(source: InfluxSource): RemoteSeries {
  return {
    steps: (range) => readSteps(source, range),
    coverage: (range) => readCoverage(source, range),
    top: (query) => readTop(source, query),
    read: (query) => readRows(source, query),
    extent: (tier) => readExtent(source, tier),
  }
}
