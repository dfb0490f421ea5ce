/**
 * Alerts of a cluster: which collector tells them, and what all of them see together. The one of the
 * smallest name that lives tells; it looks at the exporters of all, and at series that all have written.
 */
import { exportersOfAll } from '../../flow/merge-exporters.ts'
import type { Settings } from '../../flow/settings.ts'
import type { IngestStatus } from '../../flow/status.ts'
import type { ToldStatus } from '../../store/clickhouse/exchange.ts'
import { openSeriesReader } from '../../store/open-series.ts'
import { openStatuses } from '../../store/open.ts'
import type { SeriesReader } from '../../store/series.ts'
import type { WatchedExporter } from './observe.ts'

/** Collectors say how they stand every 15 seconds: one that has not for so long does not live. */
const awayMs = 90_000
/** What they say is asked for again after so long. */
const lookMs = 10_000
/**
 * Who cannot tell the others that it lives does not tell alerts either: another takes over when it is
 * taken for dead, and that is later.
 */
const unheardMs = 60_000
/** A collector that starts beside others waits until these have heard of it. */
const startMs = 45_000

/** How each collector stands, as it last said. */
export interface Told {
  writer: string
  value: ToldStatus
}

export interface AlertClusterParts {
  writer: string
  statuses: { read(): Promise<Told[]>; close(): Promise<void> }
  /** The series of all collectors. */
  series: Pick<SeriesReader, 'read' | 'coverage' | 'close'>
  now: () => number
}

export class AlertCluster {
  readonly series: AlertClusterParts['series']
  readonly #parts: AlertClusterParts
  readonly #startedMs: number
  #told: readonly Told[] = []
  #lookedMs = Number.NEGATIVE_INFINITY
  #heardMs = Number.NEGATIVE_INFINITY

  constructor(parts: AlertClusterParts) {
    this.#parts = parts
    this.series = parts.series
    this.#startedMs = parts.now()
  }

  /** Null where there is only one collector. */
  static async open(settings: Settings): Promise<AlertCluster | null> {
    const statuses = await openStatuses(settings)
    if (!statuses) return null
    const series = await openSeriesReader(settings)
    return new AlertCluster({ writer: settings.clickhouse.writer, statuses, series, now: Date.now })
  }

  /** Whether it is this collector that tells alerts now. */
  async isTeller(nowMs: number): Promise<boolean> {
    await this.look(nowMs)
    const { writer } = this.#parts
    if (nowMs - this.#heardMs > unheardMs) return false
    const living = this.#living(nowMs).map((each) => each.writer)
    const isAlone = living.every((each) => each === writer)
    if (!isAlone && nowMs - this.#startedMs < startMs) return false
    return living.includes(writer) && living.every((each) => each >= writer)
  }

  /** Asks how all stand, unless that was done a moment ago. While nobody answers, what was known stays. */
  async look(nowMs: number): Promise<void> {
    if (nowMs - this.#lookedMs < lookMs) return
    this.#lookedMs = nowMs
    try {
      this.#told = await this.#parts.statuses.read()
      this.#heardMs = nowMs
    } catch {
      // The age of what is known decides.
    }
  }

  /** The exporters of all; of what a living collector has heard since it last spoke nobody knows yet. */
  exporters(): WatchedExporter[] {
    const nowMs = this.#parts.now()
    const living = new Set(this.#living(nowMs))
    return exportersOfAll(
      this.#told.map((each) => {
        const { at, status } = each.value
        const age = living.has(each) ? Math.max(0, nowMs - at) / 1000 : 0
        return { exporters: status.exporters.map((exporter) => ({ ...exporter, age })) }
      }),
    )
  }

  /** Room that is free where each living collector's data lie, in percent. */
  disks(): { writer: string; freePercent: number }[] {
    return this.#living(this.#parts.now()).flatMap(({ writer, value }) => {
      const freePercent = value.status.diskFreePercent ?? null
      return freePercent === null ? [] : [{ writer, freePercent }]
    })
  }

  /** Until when the series of all living collectors are written, unix ms. */
  writtenUntil(): number {
    const living = this.#living(this.#parts.now())
    return Math.min(...living.map(({ value }) => writtenUntil(value.status)))
  }

  async close(): Promise<void> {
    await Promise.all([this.series.close(), this.#parts.statuses.close()])
  }

  #living(nowMs: number): Told[] {
    return this.#told.filter(({ value }) => value.status.running && nowMs - value.at <= awayMs)
  }
}

/** What waits in the spool is not there yet. */
function writtenUntil({ seriesWrittenAt, store }: IngestStatus): number {
  if (seriesWrittenAt === null) return Number.NEGATIVE_INFINITY
  const waiting = store?.spool.oldest ?? null
  return 1000 * Math.min(seriesWrittenAt, waiting ?? Number.POSITIVE_INFINITY)
}
