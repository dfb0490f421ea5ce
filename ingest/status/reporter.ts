/**
 * Assembles ingest's status and publishes it: to the API, to Prometheus, and to a file for when
 * ingest is not running.
 */
import type { Server } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Logger } from 'pino'

import { reasonOf } from '../../flow/reason.ts'
import { endpointText } from '../../flow/settings/values.ts'
import type { Settings } from '../../flow/settings/settings.ts'
import type { ExporterStatus, IngestStatus, ShippingStatus, Warning } from '../../flow/status.ts'
import type { Archive } from '../../store/archive/archive.ts'
import type { SeriesStore } from '../../store/series.ts'
import type { AlertEngine } from '../alerts/engine.ts'
import type { Buckets } from '../buckets/buckets.ts'
import type { Collector } from '../collector.ts'
import { warningsOf } from '../exporters/warnings.ts'
import { importedOf, withImported } from '../import/imported.ts'
import { freePercentOf } from './free-space.ts'
import { bridgeGateways, lostAddresses } from '../exporters/gateway.ts'
import { renderMetrics } from './metrics.ts'
import { ownAddresses } from './own-addresses.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Receiver } from '../receive/receiver.ts'
import type { ReceiverStatus } from '../receive/thread.ts'
import type { TrackerKeeper } from '../trackers/keeper.ts'
import { troublesOf } from './troubles.ts'
import { alsoWarnings, shippingWarnings, storeWarnings } from './store-warnings.ts'
import { readExporters, rememberExporters, StatusKeeper } from './kept-status.ts'
import { serveMetrics, serveStatus, type SocketRoute } from './servers.ts'

interface ReporterParts {
  settings: Settings
  archive: Pick<Archive, 'value' | 'forbidden'>
  receiver: Receiver
  pipeline: Pipeline
  collector: Collector
  buckets: Buckets
  trackers: TrackerKeeper
  alerts: AlertEngine
  store: Pick<SeriesStore, 'status' | 'also' | 'unjoined'>
  /** If flows are also sent to another machine. */
  shipping: { status(): ShippingStatus } | null
  /** The other collectors of a cluster. */
  neighbours: { warnings(): Warning[] } | null
  /** Further routes of the socket. */
  routes: readonly SocketRoute[]
  log: Logger
}

const keepEveryMs = 60_000
/** The system reports free space in less, unless the disk hangs. */
const diskAnswerMs = 500

/** Datagrams dropped, as last seen, and when there were some last, unix seconds. */
interface Dropped {
  datagrams: number
  at: number | null
}

export class Reporter {
  readonly #parts: ReporterParts
  readonly #keeper: StatusKeeper
  readonly #startedAt = Date.now() / 1000
  readonly #servers: Server[] = []
  readonly #warnings: Warning[] = []
  /** Exporters from before the start: reported until they send again. */
  #earlier: readonly ExporterStatus[] = []
  #gateways: string[] = []
  /** Datagrams dropped because the backlog or the kernel's buffer was full. */
  #overflowed: Dropped = { datagrams: 0, at: null }
  #kernelDrops: Dropped = { datagrams: 0, at: null }
  /** Why the last save of the status failed; null if it succeeded. */
  #keepError: string | null = null
  #timer: NodeJS.Timeout | null = null

  private constructor(parts: ReporterParts) {
    this.#parts = parts
    const stopped = async () => ({ ...(await this.status()), running: false })
    this.#keeper = new StatusKeeper(parts.settings.data, stopped)
  }

  /** Starts the status socket, /metrics, and saving of the status. */
  static async open(parts: ReporterParts): Promise<Reporter> {
    const reporter = new Reporter(parts)
    const { settings, receiver, routes, log } = parts
    reporter.#gateways = await bridgeGateways()
    const kept = await readExporters(settings.data)
    reporter.#earlier = withImported(kept, importedOf(parts.archive))
    reporter.#servers.push(await serveStatus(settings.data, () => reporter.status(), routes))
    const metrics = await serveMetrics(settings.metrics, async () =>
      renderMetrics(await reporter.status()),
    )
    if (metrics instanceof Error)
      reporter.#warnings.push({
        what: `/metrics is not served: ${metrics.message}`,
        remedy: `free ${endpointText(settings.metrics)}, or set WEIR_METRICS to another address`,
      })
    else reporter.#servers.push(metrics)
    const { warnings } = (await receiver.lastStatus()).status
    for (const { what, remedy } of [...reporter.#warnings, ...warnings])
      log.warn(`${what}: ${remedy}`)
    reporter.#timer = setInterval(() => void reporter.#kept(reporter.#keeper.save()), keepEveryMs)
    await reporter.#kept(reporter.#keeper.save())
    return reporter
  }

  /** The current status. */
  async status(): Promise<IngestStatus> {
    const { receiver, pipeline, collector, buckets, trackers, alerts, store } = this.#parts
    const { status: received, stalledMs } = await receiver.lastStatus()
    const stored = store.status?.()
    const also = store.also?.()
    const shipping = this.#parts.shipping?.status()
    return {
      running: true,
      startedAt: this.#startedAt,
      exporters: rememberExporters(
        [...this.#earlier, ...pipeline.decoder.forgotten()],
        pipeline.exporters(),
      ),
      refused: received.refused,
      refusedDatagrams: received.refusedDatagrams,
      addresses: ownAddresses(),
      sockets: received.sockets,
      ...(stalledMs > 0 ? { stalledSeconds: stalledMs / 1000 } : {}),
      journal: received.journal,
      flows: pipeline.flows,
      flowsTooLate: buckets.tooLate,
      waiting: this.#waiting(received),
      overflowed: received.overflowed,
      overLimit: pipeline.overLimit,
      counterResets: pipeline.counterResets,
      publishedAt: seconds(collector.publishedAt),
      seriesWrittenAt: seconds(collector.seriesWrittenAt),
      redo: collector.redo.size,
      incidents: collector.incidents,
      memoryBytes: process.memoryUsage.rss(),
      diskFreePercent: await Promise.race([
        freePercentOf(this.#parts.settings.data).catch(() => null),
        sleep(diskAnswerMs, null, { ref: false }),
      ]),
      trackers: trackers.status(collector.redo),
      alerts: Object.fromEntries(alerts.states),
      ...(stored ? { store: stored } : {}),
      ...(also ? { also } : {}),
      ...(shipping ? { shipping } : {}),
      warnings: [
        ...this.#warnings,
        ...received.warnings,
        ...this.#troubles(received, stalledMs / 1000),
        ...(this.#parts.neighbours?.warnings() ?? []),
        ...(stored ? storeWarnings(stored, Date.now() / 1000) : []),
        ...(also ? alsoWarnings(also, Date.now() / 1000) : []),
        ...(shipping ? shippingWarnings(shipping, Date.now() / 1000) : []),
      ],
    }
  }

  async close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer)
    for (const server of this.#servers) {
      server.closeAllConnections()
      server.close()
    }
    await this.#kept(this.#keeper.saveLast())
  }

  #waiting({ waiting: datagrams }: ReceiverStatus): NonNullable<IngestStatus['waiting']> {
    const behindMs = Date.now() - this.#parts.receiver.takenUntilMs()
    return { datagrams, seconds: Math.max(0, behindMs / 1000) }
  }

  #troubles(received: ReceiverStatus, stalledSeconds: number): Warning[] {
    const { alerts, archive, collector, pipeline, receiver, store } = this.#parts
    const exporters = pipeline.exporters()
    const now = Date.now() / 1000
    const kernelDrops = received.sockets.reduce((sum, of) => sum + (of.kernelDrops ?? 0), 0)
    this.#kernelDrops = grown(this.#kernelDrops, kernelDrops, now)
    this.#overflowed = grown(this.#overflowed, received.overflowed, now)
    return [
      ...warningsOf(exporters),
      ...lostAddresses(exporters, this.#gateways),
      ...troublesOf(
        {
          publishing: collector.lastError,
          forbidden: archive.forbidden,
          unjoined: store.unjoined?.() ?? null,
          judging: collector.incidents.lastError,
          alerts: [...alerts.states].map(([id, { problem }]) => ({ id, problem })),
          waiting: this.#waiting(received),
          overflowed: this.#overflowed,
          decoderState: receiver.stateError,
          keeping: this.#keepError,
          unjournalled: {
            datagrams: collector.unjournalled(received),
            lastError: received.journal.lastError,
          },
          stalledSeconds,
          unpublishedSeconds: now - (seconds(collector.publishedAt) ?? this.#startedAt),
          kernelDrops: {
            ...this.#kernelDrops,
            longestWriteMs: received.journal.longestWriteMs,
          },
          failedSync: received.journal.failedSync,
          damaged: receiver.damaged,
        },
        now,
      ),
    ]
  }

  async #kept(saving: Promise<void>): Promise<void> {
    try {
      await saving
      this.#keepError = null
    } catch (error) {
      this.#keepError = reasonOf(error)
      this.#parts.log.warn({ error }, 'the status could not be kept; look at the disk')
    }
  }
}

function grown(before: Dropped, datagrams: number, at: number): Dropped {
  return datagrams > before.datagrams ? { datagrams, at } : before
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000
}
