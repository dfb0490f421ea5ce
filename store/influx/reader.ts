/** The series in InfluxDB, for a process that only asks. */
import type { InfluxSettings } from '../../flow/settings.ts'
import type { Tier } from '../../flow/interval.ts'
import type { ReadQuery, SeriesRange, SeriesReader, TopQuery } from '../series.ts'
import { readCoverage, readExtent, readTop } from './answers.ts'
import { checkToken, Connection, tokenOf } from './connection.ts'
import { readRows } from './read.ts'
import type { InfluxSource } from './rows.ts'
import { readSteps } from './steps.ts'

/** A query that takes longer is given up. */
const queryMsMax = 30_000

/**
 * Opens the series for a process that only asks. InfluxDB need not be there yet: questions fail
 * while it is away.
 * @throws SettingsError where the token cannot be read
 */
export async function openInfluxSeriesReader(settings: InfluxSettings): Promise<SeriesReader> {
  await checkToken(settings)
  const { url, org, prefix } = settings
  const connection = new Connection({ url, token: tokenOf(settings), timeoutMs: queryMsMax })
  return new InfluxReader({ connection, org, prefix })
}

export class InfluxReader implements SeriesReader {
  protected readonly source: InfluxSource

  constructor(source: InfluxSource) {
    this.source = source
  }

  steps(range: SeriesRange & { exporter: string }) {
    return readSteps(this.source, range)
  }

  coverage(range: SeriesRange) {
    return readCoverage(this.source, range)
  }

  top(query: TopQuery) {
    return readTop(this.source, query)
  }

  read(query: ReadQuery) {
    return readRows(this.source, query)
  }

  extent(tier: Tier) {
    return readExtent(this.source, tier)
  }

  async close() {
    // Requests end by themselves; there is nothing to let go of.
  }
}
