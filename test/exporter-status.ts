/** The status of an exporter, and of the ingest that receives it. */
import type { ExporterStatus, IngestStatus } from '../flow/status.ts'

/** A healthy one. */
export const exporterStatus: ExporterStatus = {
  address: '192.0.2.1',
  name: 'pfsense',
  versions: ['v9'],
  domains: [0],
  firstSeen: 0,
  lastSeen: 0,
  datagrams: 1,
  flows: 1,
  packets: 1,
  bytes: 1,
  flowsLeftOut: 0,
  parked: 0,
  lost: { datagrams: 0, flows: 0, flowsEstimated: false },
  takenBack: { datagrams: 0, flows: 0, restarts: 0 },
  duplicates: 0,
  reordered: 0,
  restarts: 0,
  problems: {},
  sampling: 1,
  clockSkewSeconds: 0,
  interfaces: [],
  applications: {},
  vrfs: {},
  doubled: [],
  statistics: {},
}

export const runningStatus: IngestStatus = {
  running: true,
  startedAt: Date.UTC(2026, 10, 16, 12) / 1000,
  exporters: [exporterStatus],
  refused: [{ address: '198.51.100.9', datagrams: 3, lastSeen: Date.UTC(2026, 10, 16, 12) / 1000 }],
  refusedDatagrams: 3,
  addresses: ['192.0.2.10'],
  sockets: [],
  journal: null,
  flows: 1,
  flowsTooLate: 0,
  publishedAt: null,
  seriesWrittenAt: null,
  redo: 0,
  memoryBytes: 1,
  warnings: [{ what: 'the receive buffer is small', remedy: 'sysctl' }],
}
