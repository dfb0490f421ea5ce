/** Individual flows, as users read them. */
import { formatHalves } from '../../../flow/address.ts'
import { icmpTypeAndCode } from '../../../flow/icmp.ts'
import { protocolName } from '../../../flow/protocol.ts'
import type { FlowListQuery, FlowRecord } from '../../flows.ts'
import { Bindings } from './bindings.ts'
import { belongsSql, duckdbWords } from './expressions.ts'
import type { FlowWords } from './binder.ts'
import { filterSql } from './filter-sql.ts'
import { flagsText, nextHopText } from '../keys/keys.ts'
import type { AnswerColumns, Session } from './query-engine.ts'
import type { ArchiveFiles } from '../readable-files.ts'

/** Text columns made of these address halves. */
export const listedAddresses = ['exporter', 'source', 'destination', 'nextHop'] as const
/** By names that no column has: in ClickHouse a filter on the column would read the listed number instead. */
const columnsOfNumbers = {
  sourcePort: '"sourceTransportPort"',
  destinationPort: '"destinationTransportPort"',
  protocol: '"protocolIdentifier"',
  icmp: '"icmpTypeCode"',
  sampling: '"samplingInterval"',
  inInterface: '"ingressInterface"',
  outInterface: '"egressInterface"',
  tcpFlags: '"tcpControlBits"',
  tos: '"ipClassOfService"',
  sourceAs: '"bgpSourceAsNumber"',
  destinationAs: '"bgpDestinationAsNumber"',
  vlan: '"vlanId"',
} as const

/** The numeric fields of a record as expressions of an engine; `received` in unix ms. */
export function listedNumbers(
  { first, last, bytes, packets }: FlowWords,
  received: string,
): Record<
  keyof typeof columnsOfNumbers | 'received' | 'first' | 'last' | 'bytes' | 'packets',
  string
> {
  return { received, first, last, bytes, packets, ...columnsOfNumbers }
}

export const listOrders: Record<FlowListQuery['order'], string> = {
  first: 'first',
  last: 'last',
  received: 'received',
  bytes: 'bytes DESC',
  packets: 'packets DESC',
  duration: 'last - first DESC',
  rate: 'CASE WHEN last <= first THEN 0 ELSE bytes / (last - first) END DESC',
}
/** Ties are ordered by time and then by all identifying columns, so that answers are stable. */
export const listTies =
  'first, last, received, "sourceHigh", "sourceLow", "destinationHigh", "destinationLow", "sourcePort", "destinationPort", protocol, icmp, bytes, packets, "exporterHigh", "exporterLow", "inInterface", "outInterface"'

/** The share of the files that is read first when the earliest flows are requested. */
const headShare = 1 / 16

/** The first flows of a window in the requested order, and whether there are more. */
export async function listFlows(
  session: Session,
  files: ArchiveFiles,
  query: FlowListQuery,
): Promise<{ flows: FlowRecord[]; more: boolean }> {
  const { begins } = files
  const paths = [...files.inside, ...files.edge].sort((a, b) => begins.get(a)! - begins.get(b)!)
  if (query.order === 'first' && paths.length > 1) {
    // The earliest files are enough, unless few flows pass the filter: flows in the others begin later.
    const heads = Math.ceil(paths.length * headShare)
    const found = await listOf(session, paths.slice(0, heads), query)
    const last = found.flows.at(-1)
    if (found.more && last && last.first < begins.get(paths[heads]!)!) return found
  }
  return listOf(session, paths, query)
}

async function listOf(
  session: Session,
  paths: readonly string[],
  query: FlowListQuery,
): Promise<{ flows: FlowRecord[]; more: boolean }> {
  const bindings = new Bindings()
  const window = { from: bindings.whole(query.from), to: bindings.whole(query.to) }
  const filter = query.filter ? ` AND ${filterSql(query.filter, bindings)}` : ''
  const columns = [
    ...Object.entries(listedNumbers(duckdbWords, 'epoch_ms("collectionTimeMilliseconds")')).map(
      ([name, sql]) => `(${sql})::DOUBLE AS "${name}"`,
    ),
    ...listedAddresses.flatMap((name) =>
      ['High', 'Low'].map((half) => `"${name}Address${half}" AS "${name}${half}"`),
    ),
  ]
  const table = await session.read(
    `SELECT ${columns.join(', ')} FROM read_parquet(${bindings.texts(paths)})
     WHERE ${belongsSql(query.include, window)}${filter}
     ORDER BY ${listOrders[query.order]}, ${listTies} LIMIT ${query.limit + 1}`,
    bindings,
  )
  const flows = recordsOf(table, Math.min(table.count, query.limit))
  return { flows, more: table.count > query.limit }
}

type NumberName = keyof ReturnType<typeof listedNumbers>

/** The first records of an answer. */
export function recordsOf(table: AnswerColumns, count: number): FlowRecord[] {
  const halves = (name: (typeof listedAddresses)[number]) =>
    [table.wholes(`${name}High`), table.wholes(`${name}Low`)] as const
  const text = ([high, low]: ReturnType<typeof halves>, i: number) =>
    formatHalves(high[i]!, low[i]!)
  const [exporter, source, destination, nextHop] = listedAddresses.map((name) => halves(name))
  const names = Object.keys(listedNumbers(duckdbWords, '')) as NumberName[]
  const columns = Object.fromEntries(names.map((name) => [name, table.numbers(name)])) as Record<
    NumberName,
    readonly number[]
  >
  const icmp = (i: number) =>
    icmpTypeAndCode({
      protocol: columns.protocol[i]!,
      sourcePort: columns.sourcePort[i]!,
      destinationPort: columns.destinationPort[i]!,
      icmpTypeCode: columns.icmp[i]!,
    })
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
    ...icmp(i),
  }))
}
