/** Flow tables in the form that tests use. */
import { NetworkSet, parseAddress, parseNetwork } from '../../../flow/address.ts'
import {
  FlowTables,
  type EventFlows,
  type FlowTable,
} from '../../../flow/incident/flows/flow-table.ts'

/** A Monday, 2026-11-16 11:30 UTC. */
export const t0 = 1_794_828_600_000

export interface TestFlow {
  first: number
  last: number
  exporter: string
  source: string
  destination: string
  sourcePort: number
  destinationPort: number
  protocol: number
  bytes: number
  packets: number
  tcpFlags: number
}

const blank: TestFlow = {
  first: t0,
  last: t0,
  exporter: '192.0.2.1',
  source: '10.0.0.22',
  destination: '203.0.113.80',
  sourcePort: 50_000,
  destinationPort: 443,
  protocol: 6,
  bytes: 1000,
  packets: 10,
  tcpFlags: 0x18,
}

/** A table of flows of one exporter; 10.0.0.0/8 and fd00::/8 are local. */
export function tableOf(flows: readonly Partial<TestFlow>[]): FlowTable {
  const local = new NetworkSet([parseNetwork('10.0.0.0/8')!, parseNetwork('fd00::/8')!])
  const tables = new FlowTables(local)
  tables.add(columnsOf(flows.map((flow) => ({ ...blank, ...flow }))))
  return tables.tables[0]!
}

/** Flows as the archive passes them on. */
export function eventFlows(flows: readonly Partial<TestFlow>[]): EventFlows {
  return columnsOf(flows.map((flow) => ({ ...blank, ...flow })))
}

function columnsOf(flows: readonly TestFlow[]): EventFlows {
  const doubles = (name: 'first' | 'last' | 'bytes' | 'packets') =>
    Float64Array.from(flows, (flow) => flow[name])
  const integers = (name: 'sourcePort' | 'destinationPort' | 'protocol' | 'tcpFlags') =>
    Int32Array.from(flows, (flow) => flow[name])
  const halves = (address: (flow: TestFlow) => string, half: 0 | 1) =>
    Uint32Array.from(
      flows.flatMap((flow) => {
        const words = parseAddress(address(flow))!
        return [words[2 * half + 1]!, words[2 * half]!]
      }),
    )
  return {
    count: flows.length,
    first: doubles('first'),
    last: doubles('last'),
    bytes: doubles('bytes'),
    packets: doubles('packets'),
    exporterHigh: halves(({ exporter }) => exporter, 0),
    exporterLow: halves(({ exporter }) => exporter, 1),
    sourceHigh: halves(({ source }) => source, 0),
    sourceLow: halves(({ source }) => source, 1),
    destinationHigh: halves(({ destination }) => destination, 0),
    destinationLow: halves(({ destination }) => destination, 1),
    sourcePort: integers('sourcePort'),
    destinationPort: integers('destinationPort'),
    protocol: integers('protocol'),
    tcpFlags: integers('tcpFlags'),
    sampling: new Int32Array(flows.length).fill(1),
  }
}
