/** The series in InfluxDB, for a process that only asks. */
import type { InfluxSettings } from '../../flow/settings.ts'
import type { Tier } from '../../flow/interval.ts'
import type { ReadQuery, SeriesRange, SeriesReader, TopQuery } from '../series.ts'
import { readCoverage, readExtent, readTop } from './answers.ts'
import { checkToken, Connection, tokenOf } from './connection.ts'
import { readRows } from './read.ts'
import type { InfluxSource } from './rows.ts'
import { readSteps } from './steps.ts'

/** What was found of a tier's first and last step holds for so long. */
const extentMsMax = 3000
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

class InfluxReader implements SeriesReader {
  protected readonly source: InfluxSource
  readonly #extents = new Map<string, { extent: { from: number; to: number }; at: number }>()

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

  /** Every question about series asks for the extents of all tiers first: they are kept for a moment. */
  async extent(tier: Tier): Promise<{ from: number; to: number } | null> {
    const held = this.#extents.get(tier.name)
    if (held && performance.now() - held.at < extentMsMax) return held.extent
    const extent = await readExtent(this.source, tier)
    if (extent) this.#extents.set(tier.name, { extent, at: performance.now() })
    return extent
  }

  async close() {
    // Requests end by themselves; there is nothing to let go of.
  }
}
