/**
 * Alerts in a cluster: one collector, the live one with the smallest name, sends them for all. It
 * evaluates all collectors' exporters and the merged series.
 */
import { exportersOfAll } from '../../flow/merge-exporters.ts'
import type { Settings } from '../../flow/settings/settings.ts'
import type { IngestStatus } from '../../flow/status.ts'
import type { ReportedStatus } from '../../store/clickhouse/exchange.ts'
import { openSeriesReader } from '../../store/open-series.ts'
import { openStatuses } from '../../store/open.ts'
import type { SeriesReader } from '../../store/series.ts'
import type { WatchedExporter } from './observe.ts'

/** Collectors report their status every 15 seconds; one that has not for this long is considered dead. */
const awayMs = 90_000
/** How long reports are cached. */
const readEveryMs = 10_000
/**
 * A collector that cannot read the reports for this long stops sending alerts, before the others
 * consider it dead and one takes over.
 */
const unheardMs = 60_000
/** A collector that starts beside others waits until they know about it. */
const startMs = 45_000

/** A collector's last status report. */
interface CollectorReport {
  writer: string
  value: ReportedStatus
}

interface AlertClusterParts {
  writer: string
  statuses: { read(): Promise<CollectorReport[]>; close(): Promise<void> }
  /** The series of all collectors. */
  series: Pick<SeriesReader, 'read' | 'coverage' | 'close'>
  now: () => number
}

export class AlertCluster {
  readonly series: AlertClusterParts['series']
  readonly #parts: AlertClusterParts
  readonly #startedMs: number
  #reports: readonly CollectorReport[] = []
  #readMs = Number.NEGATIVE_INFINITY
  #heardMs = Number.NEGATIVE_INFINITY

  constructor(parts: AlertClusterParts) {
    this.#parts = parts
    this.series = parts.series
    this.#startedMs = parts.now()
  }

  /** Null if there is only one collector. */
  static async open(settings: Settings): Promise<AlertCluster | null> {
    const statuses = await openStatuses(settings)
    if (!statuses) return null
    const series = await openSeriesReader(settings)
    return new AlertCluster({ writer: settings.clickhouse.writer, statuses, series, now: Date.now })
  }

  /** Whether this collector currently sends the alerts. */
  async sendsAlerts(nowMs: number): Promise<boolean> {
    await this.read(nowMs)
    const { writer } = this.#parts
    if (nowMs - this.#heardMs > unheardMs) return false
    const living = this.#living(nowMs).map((each) => each.writer)
    const isAlone = living.every((each) => each === writer)
    if (!isAlone && nowMs - this.#startedMs < startMs) return false
    return living.includes(writer) && living.every((each) => each >= writer)
  }

  /** Reads all status reports, unless they are recent. If that fails, the previous ones stay in use. */
  async read(nowMs: number): Promise<void> {
    if (nowMs - this.#readMs < readEveryMs) return
    this.#readMs = nowMs
    try {
      this.#reports = await this.#parts.statuses.read()
      this.#heardMs = nowMs
    } catch {
      // The age of the reports decides.
    }
  }

  /**
   * The exporters of all collectors, each with the age of its report, which is 0 for a dead
   * collector.
   */
  exporters(): WatchedExporter[] {
    const nowMs = this.#parts.now()
    const living = new Set(this.#living(nowMs))
    return exportersOfAll(
      this.#reports.map((each) => {
        const { at, status } = each.value
        const age = living.has(each) ? Math.max(0, nowMs - at) / 1000 : 0
        return { exporters: status.exporters.map((exporter) => ({ ...exporter, age })) }
      }),
    )
  }

  /** Free disk space of each live collector, in percent. */
  disks(): { writer: string; freePercent: number }[] {
    return this.#living(this.#parts.now()).flatMap(({ writer, value }) => {
      const freePercent = value.status.diskFreePercent ?? null
      return freePercent === null ? [] : [{ writer, freePercent }]
    })
  }

  /** The time up to which the series of all live collectors are written, unix ms. */
  writtenUntil(): number {
    const living = this.#living(this.#parts.now())
    return Math.min(...living.map(({ value }) => writtenUntil(value.status)))
  }

  async close(): Promise<void> {
    await Promise.all([this.series.close(), this.#parts.statuses.close()])
  }

  #living(nowMs: number): CollectorReport[] {
    return this.#reports.filter(({ value }) => value.status.running && nowMs - value.at <= awayMs)
  }
}

/** Data waiting in the spool does not count. */
function writtenUntil({ seriesWrittenAt, store }: IngestStatus): number {
  if (seriesWrittenAt === null) return Number.NEGATIVE_INFINITY
  const waiting = store?.spool.oldest ?? null
  return 1000 * Math.min(seriesWrittenAt, waiting ?? Number.POSITIVE_INFINITY)
}
