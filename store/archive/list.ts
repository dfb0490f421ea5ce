/** Flows one by one, as users read them. */
import { formatHalves } from '../../flow/address.ts'
import { protocolName } from '../../flow/protocol.ts'
import type { FlowListQuery, FlowRecord } from '../flows.ts'
import { Bindings } from './bindings.ts'
import { belongsSql, bytes, first, last, packets } from './expressions.ts'
import { filterSql } from './filter-sql.ts'
import { flagsText, nextHopText } from './keys.ts'
import type { Session, Table } from './query-engine.ts'
import type { ArchiveFiles } from './readable-files.ts'

/** Text columns are made of these two halves. */
const addresses = ['exporter', 'source', 'destination', 'nextHop'] as const
const numbers = {
  received: 'epoch_ms("collectionTimeMilliseconds")',
  first,
  last,
  sourcePort: '"sourceTransportPort"',
  destinationPort: '"destinationTransportPort"',
  protocol: '"protocolIdentifier"',
  bytes,
  packets,
  sampling: '"samplingInterval"',
  inInterface: '"ingressInterface"',
  outInterface: '"egressInterface"',
  tcpFlags: '"tcpControlBits"',
  tos: '"ipClassOfService"',
  sourceAs: '"bgpSourceAsNumber"',
  destinationAs: '"bgpDestinationAsNumber"',
  vlan: '"vlanId"',
} as const

const orders: Record<FlowListQuery['order'], string> = {
  first: 'first',
  last: 'last',
  received: 'received',
  bytes: 'bytes DESC',
  packets: 'packets DESC',
  duration: 'last - first DESC',
  rate: 'CASE WHEN last <= first THEN 0 ELSE bytes / (last - first) END DESC',
}
/** Flows that are equal by the order stand by time and then by who they are, so that answers are stable. */
const ties =
  'first, last, received, "sourceHigh", "sourceLow", "destinationHigh", "destinationLow", "sourcePort", "destinationPort", protocol, bytes'

/** The first flows of a window by the order asked for, and whether there are more. */
export async function listFlows(
  session: Session,
  files: ArchiveFiles,
  query: FlowListQuery,
): Promise<{ flows: FlowRecord[]; more: boolean }> {
  const bindings = new Bindings()
  const window = { from: bindings.whole(query.from), to: bindings.whole(query.to) }
  const filter = query.filter ? ` AND ${filterSql(query.filter, bindings)}` : ''
  const columns = [
    ...Object.entries(numbers).map(([name, sql]) => `(${sql})::DOUBLE AS "${name}"`),
    ...addresses.flatMap((name) =>
      ['High', 'Low'].map((half) => `"${name}Address${half}" AS "${name}${half}"`),
    ),
  ]
  const table = await session.read(
    `SELECT ${columns.join(', ')} FROM read_parquet(${bindings.texts([...files.inside, ...files.edge])})
     WHERE ${belongsSql(query.include, window)}${filter}
     ORDER BY ${orders[query.order]}, ${ties} LIMIT ${query.limit + 1}`,
    bindings,
  )
  const flows = records(table, Math.min(table.count, query.limit))
  return { flows, more: table.count > query.limit }
}

function records(table: Table, count: number): FlowRecord[] {
  const number = (name: keyof typeof numbers) => table.numbers(name)
  const halves = (name: (typeof addresses)[number]) =>
    [table.wholes(`${name}High`), table.wholes(`${name}Low`)] as const
  const text = ([high, low]: ReturnType<typeof halves>, i: number) =>
    formatHalves(high[i]!, low[i]!)
  const [exporter, source, destination, nextHop] = addresses.map((name) => halves(name))
  const columns = Object.fromEntries(
    Object.keys(numbers).map((name) => [name, number(name as keyof typeof numbers)]),
  ) as Record<keyof typeof numbers, readonly number[]>
  return Array.from({ length: count }, (_, i) => ({
    received: columns.received[i]!,
    first: columns.first[i]!,
    last: columns.last[i]!,
    exporter: text(exporter!, i),
    source: text(source!, i),
    destination: text(destination!, i),
    sourcePort: columns.sourcePort[i]!,
    destinationPort: columns.destinationPort[i]!,
    protocol: protocolName(columns.protocol[i]!),
    bytes: columns.bytes[i]!,
    packets: columns.packets[i]!,
    sampling: columns.sampling[i]!,
    inInterface: columns.inInterface[i]!,
    outInterface: columns.outInterface[i]!,
    tcpFlags: flagsText(columns.tcpFlags[i]!),
    tos: columns.tos[i]!,
    sourceAs: columns.sourceAs[i]!,
    destinationAs: columns.destinationAs[i]!,
    nextHop: nextHopText(nextHop![0][i]!, nextHop![1][i]!),
    vlan: columns.vlan[i]!,
  }))
}
