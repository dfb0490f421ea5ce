/** The status of a healthy exporter. */
import type { ExporterStatus } from '../flow/status.ts'

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
