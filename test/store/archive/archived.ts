/** Flows in the form that tests use, and archives made from them. */
import { join } from 'node:path'

import { parseAddress } from '../../../flow/address.ts'
import { createFlowColumns, type FlowColumns } from '../../../flow/columns.ts'
import { intervalMs } from '../../../flow/interval.ts'
import { Archive } from '../../../store/archive/archive.ts'

/** A Monday, 2026-11-16 11:30 UTC: the start of an interval. */
export const t0 = 1_794_828_600_000

/** A flow as reported by its exporter: counts before scaling. */
export interface TestFlow {
  received: number
  first: number
  last: number
  exporter: string
  source: string
  destination: string
  sourcePort: number
  destinationPort: number
  protocol: number
  octets: number
  packets: number
  sampling: number
  ingress: number
  egress: number
  flags: number
  /** 256 × type + code. */
  icmp: number
  tos: number
  sourceAs: number
  destinationAs: number
  nextHop: string
  vlan: number
  application: number
}

/** A flow with defaults for what a test does not specify. */
export function testFlow(given: Partial<TestFlow> = {}): TestFlow {
  const first = given.first ?? t0
  const last = given.last ?? first
  return {
    received: Math.max(first, last),
    exporter: '192.0.2.1',
    source: '203.0.113.80',
    destination: '10.0.0.22',
    sourcePort: 443,
    destinationPort: 50_000,
    protocol: 6,
    octets: 1000,
    packets: 10,
    sampling: 1,
    ingress: 1,
    egress: 2,
    flags: 0x1b,
    icmp: 0,
    tos: 0,
    sourceAs: 0,
    destinationAs: 0,
    nextHop: '0.0.0.0',
    vlan: 0,
    application: 0,
    ...given,
    first,
    last,
  }
}

const numbers = {
  collectionTimeMilliseconds: 'received',
  flowStartMilliseconds: 'first',
  flowEndMilliseconds: 'last',
  sourceTransportPort: 'sourcePort',
  destinationTransportPort: 'destinationPort',
  protocolIdentifier: 'protocol',
  octetDeltaCount: 'octets',
  packetDeltaCount: 'packets',
  samplingInterval: 'sampling',
  ingressInterface: 'ingress',
  egressInterface: 'egress',
  tcpControlBits: 'flags',
  icmpTypeCode: 'icmp',
  ipClassOfService: 'tos',
  bgpSourceAsNumber: 'sourceAs',
  bgpDestinationAsNumber: 'destinationAs',
  vlanId: 'vlan',
  applicationId: 'application',
} as const
const addresses = {
  exporterAddress: 'exporter',
  sourceAddress: 'source',
  destinationAddress: 'destination',
  nextHopAddress: 'nextHop',
} as const

export function columnsOf(flows: readonly TestFlow[]): FlowColumns {
  const columns = createFlowColumns(Math.max(1, flows.length))
  for (const [i, flow] of flows.entries()) {
    for (const [name, field] of Object.entries(numbers))
      columns[name as keyof typeof numbers][i] = flow[field]
    for (const [name, field] of Object.entries(addresses)) {
      const [w0, w1, w2, w3] = parseAddress(flow[field])!
      columns[`${name as keyof typeof addresses}High`].set([w1, w0], 2 * i)
      columns[`${name as keyof typeof addresses}Low`].set([w3, w2], 2 * i)
    }
  }
  columns.count = flows.length
  return columns
}

/** Adds flows to the archive in `folder` and publishes them, one publication per list. */
export async function archive(folder: string, ...lists: (readonly TestFlow[])[]): Promise<void> {
  const open = await Archive.open(folder)
  for (const flows of lists) {
    open.add(columnsOf(flows))
    await open.publish({})
  }
  await open.close()
}

/** The paths of two files with the same flows in the archive in `folder`: a sorted one, and one in order of receipt. */
export async function twoFiles(folder: string, flows: readonly TestFlow[]): Promise<string[]> {
  const open = await Archive.open(folder)
  open.add(columnsOf(flows))
  await open.publish({})
  await open.merge(t0 + intervalMs)
  open.add(columnsOf(flows))
  await open.publish({})
  await open.close()
  return open.entries().map(({ file }) => join(folder, file))
}
