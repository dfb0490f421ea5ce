/** Prometheus metrics, drawn from the same status that the API shows. */
import { Counter, Gauge, Registry } from 'prom-client'

import type { ExporterStatus, IngestStatus } from '../flow/status.ts'
import { addStoreMetrics } from './store-report.ts'

/** Metrics in Prometheus' text form, of the status at the time of asking. */
export async function renderMetrics(status: IngestStatus): Promise<string> {
  const registry = new Registry()
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers: [registry] })
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers: [registry] })

  exporterMetrics(status.exporters, { counter, gauge })
  const drops = counter('weir_kernel_drops_total', 'Datagrams the kernel dropped', ['socket'])
  const buffer = gauge('weir_receive_buffer_bytes', 'Receive buffer granted', ['socket'])
  for (const socket of status.sockets) {
    if (socket.kernelDrops !== null) drops.inc({ socket: socket.address }, socket.kernelDrops)
    buffer.set({ socket: socket.address }, socket.receiveBufferBytes)
  }
  counter('weir_refused_datagrams_total', 'Datagrams of sources not on the allow-list').inc(
    status.refusedDatagrams,
  )
  counter('weir_flows_too_late_total', 'Flows too old for the series').inc(status.flowsTooLate)
  counter('weir_overflowed_datagrams_total', 'Datagrams that decoding did not keep up with').inc(
    status.overflowed ?? 0,
  )
  counter('weir_archive_dropped_flows_total', 'Flows that the archive did not keep up with').inc(
    status.rowsDropped ?? 0,
  )
  if (status.journal) {
    counter('weir_journal_datagrams_total', 'Datagrams journalled').inc(status.journal.datagrams)
    counter('weir_journal_dropped_total', 'Datagrams that could not be journalled').inc(
      status.journal.dropped,
    )
  }
  const lost = counter('weir_let_go_total', 'Let go because there was too much', ['what'])
  const { exporters = 0, interfaceCounters = 0, counterResets = 0 } = status.letGo ?? {}
  lost.inc({ what: 'exporters' }, exporters)
  lost.inc({ what: 'interface counters' }, interfaceCounters)
  counter('weir_counter_resets_total', 'Counters of interfaces that began anew').inc(counterResets)
  gauge('weir_redo_intervals', 'Intervals whose series wait to be made again').set(status.redo)
  if (status.incidents) {
    const { waiting, judged, letGo, notWhole } = status.incidents
    gauge('weir_incidents_waiting_intervals', 'Intervals to look for incidents in').set(waiting)
    counter('weir_incidents_judged_total', 'Intervals looked for incidents in').inc(judged)
    counter('weir_incidents_not_whole_total', 'Intervals with too many flows to judge').inc(
      notWhole,
    )
    counter('weir_incidents_let_go_total', 'Intervals never looked at: too many waited').inc(letGo)
  }
  gauge('weir_memory_bytes', 'Resident memory of ingest').set(status.memoryBytes)
  gauge('weir_published_seconds', 'Unix time at which flows were last published').set(
    status.publishedAt ?? 0,
  )
  gauge('weir_series_written_seconds', 'Unix time at which series were last written').set(
    status.seriesWrittenAt ?? 0,
  )
  if (status.store) addStoreMetrics(registry, status.store)
  return registry.metrics()
}

interface Makers {
  counter: (name: string, help: string, labelNames?: string[]) => Counter
  gauge: (name: string, help: string, labelNames?: string[]) => Gauge
}

function exporterMetrics(exporters: readonly ExporterStatus[], { counter, gauge }: Makers): void {
  const datagrams = counter('weir_datagrams_total', 'Datagrams accepted', ['exporter'])
  const flows = counter('weir_flows_total', 'Flow records decoded', ['exporter'])
  const bytes = counter('weir_bytes_total', 'Bytes of decoded flows, scaled', ['exporter'])
  const packets = counter('weir_packets_total', 'Packets of decoded flows, scaled', ['exporter'])
  const lostDatagrams = counter('weir_lost_datagrams_total', 'Datagrams missing by sequence', [
    'exporter',
  ])
  const lostFlows = counter('weir_lost_flows_total', 'Flows missing by sequence', ['exporter'])
  const problems = counter('weir_problems_total', 'Bad input by kind', ['exporter', 'kind'])
  const perExporter = [
    ['duplicates', counter('weir_duplicates_total', 'Datagrams that came a second time', ['exporter'])],
    ['reordered', counter('weir_reordered_total', 'Datagrams that came late', ['exporter'])],
    ['restarts', counter('weir_exporter_restarts_total', 'Exporters started anew', ['exporter'])],
    ['parked', counter('weir_parked_total', 'Data sets that waited for their template', ['exporter'])],
    ['flowsLeftOut', counter('weir_flows_left_out_total', 'Flows that do not count by WEIR_NAMES', ['exporter'])],
  ] as const // prettier-ignore
  const skew = gauge('weir_exporter_clock_skew_seconds', 'Clock of the exporter less our own', [
    'exporter',
  ])
  const lastSeen = gauge('weir_exporter_last_seen_seconds', 'Unix time of the last datagram', [
    'exporter',
  ])
  for (const exporter of exporters) {
    const label = { exporter: exporter.address }
    datagrams.inc(label, exporter.datagrams)
    flows.inc(label, exporter.flows)
    bytes.inc(label, exporter.bytes)
    packets.inc(label, exporter.packets)
    lostDatagrams.inc(label, Math.max(0, exporter.lost.datagrams))
    lostFlows.inc(label, Math.max(0, exporter.lost.flows))
    lastSeen.set(label, exporter.lastSeen)
    for (const [name, metric] of perExporter) metric.inc(label, exporter[name])
    if (exporter.clockSkewSeconds !== null) skew.set(label, exporter.clockSkewSeconds)
    for (const [kind, count] of Object.entries(exporter.problems))
      problems.inc({ ...label, kind }, count)
  }
}
