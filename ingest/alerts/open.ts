/** Opens alerting in a running ingest, and serves its Test button. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { hostname } from 'node:os'

import type { Logger } from 'pino'

import { reasonOf } from '../../flow/reason.ts'
import { publishedUrl } from '../../flow/settings/values.ts'
import { zoneOf, type Settings } from '../../flow/settings/settings.ts'
import type { KeptAlert } from '../../store/alert.ts'
import type { IncidentSource } from '../../store/incident/ledger.ts'
import type { OwnNames } from '../../store/names/own-names.ts'
import type { SeriesStore } from '../../store/series.ts'
import type { OpenState } from '../../store/state/state.ts'
import type { Buckets } from '../buckets/buckets.ts'
import type { CoverageTracker } from '../coverage/coverage.ts'
import type { IngestState } from '../open/state.ts'
import type { Pipeline } from '../pipeline.ts'
import { readJson } from '../console/state-socket.ts'
import type { FollowedTrackers } from '../trackers/followed.ts'
import type { AlertCluster } from './cluster.ts'
import { ReverseDns } from '../../store/names/reverse-dns.ts'
import { AlertEngine } from './engine.ts'
import { NamedHosts } from './named-hosts.ts'
import { AlertSender } from './sender.ts'

interface AlertParts {
  settings: Settings
  state: OpenState
  /** Records what was sent. */
  note: IngestState['note']
  followed: FollowedTrackers
  buckets: Buckets
  coverage: CoverageTracker
  store: SeriesStore
  pipeline: Pipeline
  incidents: { readonly source: IncidentSource }
  /** The file of WEIR_NAMES. */
  own: OwnNames
  log: Logger
  /** The other collectors; null if there are none. */
  cluster: AlertCluster | null
}

/** The alerts of a data folder; nothing is evaluated before `tick`. */
export function openAlerts(parts: AlertParts): AlertEngine {
  const { settings, state, note, followed, buckets, coverage, store, pipeline, incidents, own } =
    parts
  const { log } = parts
  const { data } = settings
  const { cluster } = parts
  const zone = zoneOf(settings)
  const { dns, dnsServers } = settings.naming
  const hosts = new NamedHosts(
    own,
    dns === 'off' ? null : new ReverseDns({ asks: dns, servers: dnsServers }),
  )
  const exporters = () => cluster?.exporters() ?? pipeline.decoder.exporters()
  const reportedName = (address: string) =>
    exporters().find((exporter) => exporter.address === address)?.name ?? null
  return new AlertEngine({
    sources: {
      data,
      tier: settings.tiers[0]!,
      state,
      followed,
      buckets,
      coverage,
      series: store,
      ...(cluster ? { cluster: viewOf(cluster) } : {}),
      incidents: incidents.source,
      exporters,
      wording: {
        zone,
        hostName: (address) => hosts.hostName(address),
        learn: (addresses) => hosts.learn(addresses),
        exporterName: (address) => own.names.exporterName(address) ?? reportedName(address),
      },
    },
    state,
    sender: new AlertSender({
      settings: settings.alerts,
      pageUrl: pageUrl(settings),
      zone,
      log,
      keep: (event) => note('alert-history', event),
    }),
    ...(cluster ? { sendsAlerts: (nowMs: number) => cluster.sendsAlerts(nowMs) } : {}),
    log,
  })
}

function viewOf(cluster: AlertCluster) {
  return {
    series: cluster.series,
    disks: () => cluster.disks(),
    writtenUntil: () => cluster.writtenUntil(),
  }
}

/** The page's URL for browsers: as published, or the API's own. */
function pageUrl({ published, http }: Settings): string {
  const at = published ?? { ...http, scheme: 'http' }
  const isAny = at.host === '0.0.0.0' || at.host === '::'
  return publishedUrl(isAny ? { ...at, host: hostname() } : at)
}

/** Answers POST /alerts/test {id} on ingest's socket; false for other requests. */
export function answerAlertTest(
  request: IncomingMessage,
  response: ServerResponse,
  { engine, state }: { engine: AlertEngine; state: OpenState },
): boolean {
  if (request.method !== 'POST' || request.url !== '/alerts/test') return false
  const send = (status: number, body: unknown) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  }
  readJson(request)
    .then(async (body) => {
      const { id } = body as { id: string }
      const alert = await state.get<KeptAlert>('alerts', id)
      if (!alert) return send(404, { message: `there is no alert "${id}"` })
      return send(200, await engine.test(id, alert.body, Date.now()))
    })
    .catch((error: unknown) => {
      send(409, { message: reasonOf(error) })
    })
  return true
}
