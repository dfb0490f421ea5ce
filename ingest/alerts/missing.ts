/**
 * Exporters that are missing from the sum of a tracker: without what they would have reported, it is a
 * part, which is not low but unknown.
 */
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import type { SeriesReader } from '../../store/series.ts'
import type { Sources, WatchedExporter } from './observe.ts'

/** An exporter that has been silent for longer was removed: the sum of the others is then the whole. */
const removedMs = 24 * 3_600_000
/** Most answers remembered; beyond, all are asked for again. */
const rememberedMax = 10_000

interface MissingQuestion {
  tracker: string
  sources: Pick<Sources, 'exporters' | 'tier'>
  series: Pick<SeriesReader, 'read'>
  /** Starts of intervals, unix ms, oldest first. */
  intervals: readonly number[]
  /** The exporters of which the whole of an interval is known. */
  wholeIn: (interval: number) => readonly string[]
}

export class MissingExporters {
  /** By tracker, exporter and interval: whether the exporter had flows of the tracker on the day before. */
  readonly #counted = new Map<string, boolean>()

  /**
   * The intervals in which an exporter is missing that was received before them, at most a day before, and that had
   * flows of the tracker on that day.
   */
  async in(question: MissingQuestion): Promise<ReadonlySet<number>> {
    const { sources, intervals, wholeIn } = question
    const absent = sources
      .exporters()
      .map((exporter) => ({
        address: exporter.address,
        intervals: intervals.filter(
          (interval) => isDue(exporter, interval) && !wholeIn(interval).includes(exporter.address),
        ),
      }))
      .filter((each) => each.intervals.length > 0)
    const addresses = absent.map(({ address }) => address)
    const counted = await this.#countedOf(question, addresses)
    return new Set(absent.flatMap((each) => (counted.has(each.address) ? each.intervals : [])))
  }

  async #countedOf(
    { tracker, sources, series, intervals }: MissingQuestion,
    exporters: readonly string[],
  ): Promise<ReadonlySet<string>> {
    const last = intervals.at(-1)
    if (last === undefined || exporters.length === 0) return new Set()
    const named = (exporter: string) => `${tracker} ${exporter} ${intervalStart(last)}`
    const uncounted = exporters.filter((each) => !this.#counted.has(named(each)))
    if (uncounted.length > 0) {
      const rows = await series
        .read({
          tier: sources.tier,
          from: last - removedMs,
          to: last + intervalMs,
          exporters: uncounted,
          measurement: 'tracker',
          by: ['tracker', 'exporter'],
          keys: uncounted.map((exporter) => ({ tracker, exporter })),
          rest: false,
          fields: ['flows'],
          sumsOnly: true,
        })
        .catch(() => null)
      // While the store is away it is not known whose flows count.
      if (rows === null) return new Set(exporters)
      if (this.#counted.size > rememberedMax) this.#counted.clear()
      for (const each of uncounted) this.#counted.set(named(each), false)
      for (let row = 0; row < rows.count; row++)
        if (rows.sum.flows[row]! > 0) this.#counted.set(named(uncounted[rows.key[row]!]!), true)
    }
    return new Set(exporters.filter((each) => this.#counted.get(named(each)) ?? true))
  }
}

/** Whether an exporter should have reported in an interval. */
function isDue({ firstSeen, lastSeen, age = 0 }: WatchedExporter, interval: number): boolean {
  return firstSeen * 1000 < interval && (lastSeen + age) * 1000 >= interval - removedMs
}
