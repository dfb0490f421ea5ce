/** Prometheus metrics, from the same status as the API. */
import { Counter, Gauge, Registry } from 'prom-client'

import type {
  ExporterStatus,
  IngestStatus,
  ShippingStatus,
  StoreStatus,
} from '../../flow/status.ts'

/**
 * A metric: the value of its subject, or of its named parts, distinguished by a label. Names that
 * end in _total are counters. Unknown values are left out.
 */
type Metric<Subject> = readonly [
  name: string,
  help: string,
  value: (of: Subject) => number | null | undefined | Readonly<Record<string, number>>,
  label?: string,
]

const ofIngest: readonly Metric<IngestStatus>[] = [
  ['weir_refused_datagrams_total', 'Datagrams of sources not on the allow-list', (of) => of.refusedDatagrams],
  ['weir_flows_too_late_total', 'Flows too old for the series', (of) => of.flowsTooLate],
  ['weir_waiting_datagrams', 'Datagrams journalled but not yet counted', (of) => of.waiting?.datagrams],
  ['weir_behind_seconds', 'How far counting is behind receiving', (of) => of.waiting?.seconds],
  ['weir_overflowed_datagrams_total', 'Datagrams dropped because the backlog was full', (of) => of.overflowed],
  ['weir_journal_datagrams_total', 'Datagrams journalled', (of) => of.journal?.datagrams],
  ['weir_journal_dropped_total', 'Datagrams that could not be journalled', (of) => of.journal?.dropped],
  ['weir_over_limit_total', 'Exporters forgotten, and samples of interface counters ignored, at their limits', overLimit, 'what'],
  ['weir_counter_resets_total', 'Interface counters that were reset', (of) => of.counterResets],
  ['weir_redo_intervals', 'Intervals whose series must be rebuilt', (of) => of.redo],
  ['weir_incidents_waiting_intervals', 'Intervals waiting to be judged for incidents', (of) => of.incidents?.waiting],
  ['weir_incidents_judged_total', 'Intervals judged for incidents', (of) => of.incidents?.judged],
  ['weir_incidents_not_whole_total', 'Intervals with too many flows to judge', (of) => of.incidents?.notWhole],
  ['weir_incidents_dropped_total', 'Intervals never judged, because too many were waiting', (of) => of.incidents?.dropped],
  ['weir_stalled_seconds', 'Seconds for which the disk has not taken what was received', (of) => of.stalledSeconds ?? 0],
  ['weir_warnings', 'Warnings that the status shows', (of) => of.warnings.length],
  ['weir_memory_bytes', 'Resident memory of ingest', (of) => of.memoryBytes],
  ['weir_published_seconds', 'Unix time at which flows were last published', (of) => of.publishedAt ?? 0],
  ['weir_series_written_seconds', 'Unix time at which series were last written', (of) => of.seriesWrittenAt ?? 0],
] // prettier-ignore

const ofSocket: readonly Metric<IngestStatus['sockets'][number]>[] = [
  ['weir_kernel_drops_total', 'Datagrams the kernel dropped', (of) => of.kernelDrops],
  ['weir_receive_buffer_bytes', 'Receive buffer granted', (of) => of.receiveBufferBytes],
]

const ofExporter: readonly Metric<ExporterStatus>[] = [
  ['weir_datagrams_total', 'Datagrams accepted', (of) => of.datagrams],
  ['weir_flows_total', 'Flow records decoded', (of) => of.flows],
  ['weir_bytes_total', 'Bytes of decoded flows, scaled', (of) => of.bytes],
  ['weir_packets_total', 'Packets of decoded flows, scaled', (of) => of.packets],
  ['weir_lost_datagrams_total', 'Datagrams missing by sequence, weir_found_datagrams_total among them', (of) => everCounted(of, 'datagrams')],
  ['weir_lost_flows_total', 'Flows missing by sequence, weir_found_flows_total among them', (of) => everCounted(of, 'flows')],
  ['weir_found_datagrams_total', 'Datagrams that were missing and came late, or to another collector', (of) => of.takenBack?.datagrams ?? 0],
  ['weir_found_flows_total', 'Flows that were missing and came late, or to another collector', (of) => of.takenBack?.flows ?? 0],
  ['weir_problems_total', 'Bad input by kind', (of) => of.problems, 'kind'],
  ['weir_duplicates_total', 'Datagrams received a second time', (of) => of.duplicates],
  ['weir_reordered_total', 'Datagrams received out of order', (of) => of.reordered],
  ['weir_exporter_restarts_total', 'Restarts of exporters', (of) => of.restarts + (of.takenBack?.restarts ?? 0)],
  ['weir_parked_total', 'Data sets that waited for their template', (of) => of.parked],
  ['weir_flows_left_out_total', 'Flows not counted, by the rules of WEIR_NAMES', (of) => of.flowsLeftOut],
  ['weir_exporter_clock_skew_seconds', 'Clock of the exporter minus our own', (of) => of.clockSkewSeconds],
  ['weir_exporter_last_seen_seconds', 'Unix time of the last datagram', (of) => of.lastSeen],
] // prettier-ignore

const ofStore: readonly Metric<StoreStatus>[] = [
  ['weir_store_points_total', 'Points for the series store by outcome', (of) => of.points, 'outcome'],
  ['weir_store_requests_total', 'Requests to the series store', requests, 'outcome'],
  ['weir_store_requests_in_flight', 'Requests without an answer yet', (of) => of.requests.inFlight],
  ['weir_store_waiting', '1 while waiting for the series store', (of) => (of.waiting ? 1 : 0)],
  ['weir_spool_steps', 'Steps waiting for the series store', (of) => of.spool.steps],
  ['weir_spool_bytes', 'Bytes of the spool on disk', (of) => of.spool.bytes],
  ['weir_spool_bytes_max', 'Limit of the spool in bytes', (of) => of.spool.bytesMax],
  ['weir_spool_oldest_seconds', 'Unix time of the oldest waiting step; 0 if none is waiting', (of) => of.spool.oldest ?? 0],
] // prettier-ignore

const ofShipping: readonly Metric<ShippingStatus>[] = [
  ['weir_shipping_waiting_files', 'Files of flows waiting to be sent to ClickHouse', (of) => of.waiting],
  ['weir_shipping_oldest_seconds', 'Unix time of the oldest waiting file; 0 if none is waiting', (of) => of.oldest ?? 0],
  ['weir_shipping_refused_flows_total', 'Flows older than ClickHouse keeps when they were to be sent', (of) => of.refusedByRetention],
] // prettier-ignore

/** A counter that goes down is taken for one that began again, and its rate for a great one. */
function everCounted({ lost, takenBack }: ExporterStatus, what: 'datagrams' | 'flows'): number {
  return Math.max(0, lost[what]) + (takenBack?.[what] ?? 0)
}

function overLimit({ overLimit: of }: IngestStatus): Record<string, number> {
  return of ? { exporters: of.exporters, 'interface counters': of.interfaceCounters } : {}
}

function requests({ requests: { sent, failed, inFlight } }: StoreStatus): Record<string, number> {
  return { failed, answered: sent - failed - inFlight }
}

interface Labelled<Subject> {
  of: Subject
  labels: Record<string, string>
}

/** Metrics in Prometheus' text format, from the current status. */
export async function renderMetrics(status: IngestStatus): Promise<string> {
  const { exporters, sockets, store, shipping } = status
  const registry = new Registry()
  const perExporter = exporters.map((of) => ({ of, labels: { exporter: of.address } }))
  for (const metric of ofExporter) add(registry, metric, perExporter)
  const perSocket = sockets.map((of) => ({ of, labels: { socket: of.address } }))
  for (const metric of ofSocket) add(registry, metric, perSocket)
  for (const metric of ofIngest) add(registry, metric, [{ of: status, labels: {} }])
  if (store) for (const metric of ofStore) add(registry, metric, [{ of: store, labels: {} }])
  if (shipping)
    for (const metric of ofShipping) add(registry, metric, [{ of: shipping, labels: {} }])
  return registry.metrics()
}

function add<Subject>(
  registry: Registry,
  [name, help, valueOf, label = '']: Metric<Subject>,
  subjects: readonly Labelled<Subject>[],
): void {
  const samples = subjects.flatMap(({ of, labels }) => {
    const value = valueOf(of) ?? {}
    if (typeof value === 'number') return [{ labels, value }]
    return Object.entries(value).map(([part, count]) => ({
      labels: { ...labels, [label]: part },
      value: count,
    }))
  })
  if (samples.length === 0) return
  const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))]
  const options = { name, help, labelNames, registers: [registry] }
  if (name.endsWith('_total')) {
    const counter = new Counter(options)
    for (const { labels, value } of samples) counter.inc(labels, value)
  } else {
    const gauge = new Gauge(options)
    for (const { labels, value } of samples) gauge.set(labels, value)
  }
}
