/** A collector without sockets on a simulated clock, for tests of alerts. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

import { pino } from 'pino'

import { NetworkSet, parseNetwork } from '../../../flow/address.ts'
import { intervalMs } from '../../../flow/interval.ts'
import { Names } from '../../../flow/names/names.ts'
import { AlertEngine } from '../../../ingest/alerts/engine.ts'
import { NamedHosts } from '../../../ingest/alerts/named-hosts.ts'
import { AlertSender } from '../../../ingest/alerts/sender.ts'
import { Buckets } from '../../../ingest/buckets/buckets.ts'
import { readPacket, sourceText } from '../../../ingest/capture/packet.ts'
import { readCapture } from '../../../ingest/capture/read.ts'
import { CoverageTracker } from '../../../ingest/coverage/coverage.ts'
import { Pipeline } from '../../../ingest/pipeline.ts'
import { FollowedTrackers } from '../../../ingest/trackers/followed.ts'
import type { AlertEvent, KeptAlert } from '../../../store/alert.ts'
import { Archive } from '../../../store/archive/archive.ts'
import { IncidentReader } from '../../../store/incident/ledger.ts'
import { openSeriesStore } from '../../../store/open-series.ts'
import type { ReverseDns } from '../../../store/names/reverse-dns.ts'
import { StateStore } from '../../../store/state/files.ts'
import { withFilter, type KeptTracker } from '../../../store/tracker.ts'
import { mondayCapture } from '../../monday.ts'
import { scratchFolder } from '../../processes.ts'
import { readSettings } from '../../settings.ts'
import type { Sinks } from '../../sinks.ts'
import { until } from '../../until.ts'

export const storyStart = Date.UTC(2026, 10, 16, 11)
const tickMs = 5000

type Parts = Pick<
  Simulated,
  'events' | 'engine' | 'state' | 'pipeline' | 'buckets' | 'coverage' | 'followed'
>

/** A collector without sockets, running on the capture’s clock. */
export class Simulated {
  nowMs = storyStart
  readonly events: AlertEvent[]
  readonly engine: AlertEngine
  readonly state: StateStore
  readonly pipeline: Pipeline
  readonly buckets: Buckets
  readonly coverage: CoverageTracker
  readonly followed: FollowedTrackers

  private constructor(parts: Parts) {
    this.events = parts.events
    this.engine = parts.engine
    this.state = parts.state
    this.pipeline = parts.pipeline
    this.buckets = parts.buckets
    this.coverage = parts.coverage
    this.followed = parts.followed
  }

  static async open(
    t: TestContext,
    sinks: Sinks,
    {
      data,
      wholeFrom = 0,
      zone = 'UTC',
      dns = null,
    }: { data?: string; wholeFrom?: number; zone?: string; dns?: ReverseDns | null } = {},
  ): Promise<Simulated> {
    const folder = data ?? (await scratchFolder())
    const settings = readSettings({
      WEIR_DATA: folder,
      WEIR_MAIL_SERVER: sinks.mailServer,
      WEIR_WEBHOOK_NETWORKS: '127.0.0.1/32',
      WEIR_PUBLISHED: 'weir.example.org:443',
      WEIR_AUTH: 'password',
    })
    let simulated: Simulated | null = null
    const state = await StateStore.open(folder, () => simulated?.nowMs ?? storyStart)
    assert.ok(state)
    const followed = new FollowedTrackers()
    const local = new NetworkSet([parseNetwork('10.0.0.0/8')!])
    const flowMaxMs = settings.flowMaxMs
    const buckets = new Buckets({ local, flowMaxMs, wholeFrom, trackers: followed })
    const coverage = new CoverageTracker(storyStart - intervalMs)
    const archive = await Archive.open(join(await scratchFolder(), 'archive'))
    const pipeline = new Pipeline({ coverage, buckets, archive })
    const series = await openSeriesStore(settings)
    const events: AlertEvent[] = []
    const hosts = new NamedHosts({ names: new Names() }, dns)
    const log = pino({ level: 'silent' })
    const engine = new AlertEngine({
      sources: {
        data: folder,
        tier: settings.tiers[0]!,
        state,
        followed,
        buckets,
        coverage,
        series,
        incidents: new IncidentReader(folder),
        exporters: () => pipeline.decoder.exporters(),
        wording: {
          zone,
          hostName: (address) => hosts.hostName(address),
          exporterName: () => 'pfsense',
          learn: (addresses) => hosts.learn(addresses),
        },
      },
      state,
      sender: new AlertSender({
        settings: settings.alerts,
        pageUrl: 'https://weir.example.org',
        zone,
        log,
        keep: async (event) => void events.push(event),
      }),
      log,
    })
    simulated = new Simulated({ events, engine, state, pipeline, buckets, coverage, followed })
    t.after(async () => {
      await archive.close()
      await series.close()
      await state.close()
    })
    return simulated
  }

  /** Follows a filter from the beginning, and creates an alert on it. */
  async watch(filter: string, alert: Omit<KeptAlert, 'subject' | 'author'>): Promise<void> {
    const spans = withFilter(
      [],
      { filter, canonical: filter },
      { from: storyStart, now: storyStart },
    )
    const body: KeptTracker = { name: 'Line', group: null, side: 'above', author: 'anna', spans }
    await this.state.change({ collection: 'trackers', id: 'line', body })
    this.followed.follow(await this.state.list('trackers'))
    const subject = { kind: 'tracker', tracker: 'line', measure: 'bits' } as const
    await this.alert('a', { ...alert, subject, author: 'anna' })
  }

  async alert(id: string, body: KeptAlert): Promise<void> {
    await this.state.change({ collection: 'alerts', id, body })
  }

  /** Advances the clock to a time, checking the alerts as ingest does. */
  async runTo(ms: number): Promise<void> {
    while (this.nowMs + tickMs <= ms) {
      this.nowMs += tickMs
      this.pipeline.drain()
      this.coverage.heartbeat(this.nowMs)
      this.buckets.takeChanged()
      this.buckets.forget(this.nowMs, new Set())
      await this.engine.tick(this.nowMs)
    }
  }

  /** Feeds the capture in, at the times of capture. */
  async feed(until = Number.POSITIVE_INFINITY): Promise<void> {
    for await (const packet of readCapture(mondayCapture)) {
      if (packet.timeMs > until) break
      const datagram = readPacket(packet.bytes, packet.linkType)
      if (!datagram) continue
      await this.runTo(packet.timeMs)
      this.pipeline.take({
        payload: datagram.payload,
        source: sourceText(datagram),
        sourcePort: datagram.sourcePort,
        receivedMs: packet.timeMs,
      })
    }
  }

  /** Waits until everything sent has arrived. */
  async settle(count: number): Promise<void> {
    await until(() => this.events.length >= count)
  }
}
