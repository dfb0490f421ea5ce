/**
 * The greatest hosts of a long window out of the lists in the files' footers (host-sums.ts): added up, these
 * say what each host came to at least and at most. Where all lists name a host, its sums are known, and only its
 * peers are counted; else flows of the few hosts are summed that can be among the greatest, each flow read once
 * for both of its ends. The answer is that of summing all.
 */
import { addressHalves, formatHalves, parseAddress } from '../../flow/address.ts'
import type { FlowTop, FlowTopQuery, FlowTopRow } from '../flows.ts'
import { Bindings } from './bindings.ts'
import { bytes, first, last, packets } from './expressions.ts'
import { hostSumsOf, hostSumsSql, isExact, type HostSum, type HostSums, type KeptHostSums } from './host-sums.ts' // prettier-ignore
import { Keys } from './keys.ts'
import type { Session } from './query-engine.ts'
import type { ArchiveFiles } from './readable-files.ts'
import { scanSql, type ScanPart } from './scan.ts'
import { topAnswer } from './top-answer.ts'

/** Hosts that are listed of flows whose files have no list, or reach beyond the window. */
const edgeHosts = 1000
/** How many more hosts than are asked for may be followed: too much of the flows would be theirs. */
const candidatesMore = 100

interface HostQuestion {
  files: ArchiveFiles
  query: FlowTopQuery
  kept: KeptHostSums
}

/** Null where something else is asked for, or where lists do not say who the greatest can be. */
export async function topHosts(session: Session, asked: HostQuestion): Promise<FlowTop | null> {
  const { by, order, filter, limit } = asked.query
  if (by.join() !== 'host' || order !== 'bytes' || filter) return null
  const lists = await asked.kept.of(session, asked.files.inside)
  const groups = lists.filter((list) => list !== null)
  if (groups.length === 0) return null
  const inside = asked.files.inside.filter((_, i) => lists[i] === null)
  const unlisted = { ...asked.files, inside }
  if (inside.length + unlisted.edge.length > 0)
    groups.push(await listOf(session, { ...asked, files: unlisted }))
  const hosts = candidatesOf(groups, limit)
  if (hosts === null) return null
  const known = knownSums(groups, hosts, limit)
  const rows = known ? await withPeers(session, asked, known) : await sumsOf(session, asked, hosts)
  return topAnswer(new Keys(by, []), rows, { total: totalOf(groups) })
}

/** What is counted of a flow: its share of the window. */
function countedSql({ share }: ScanPart, { include }: FlowTopQuery): [string, string] {
  const counted = include === 'any' ? share : (count: string) => count
  return [counted(bytes), counted(packets)]
}

/** The greatest hosts of flows that no list has. */
async function listOf(session: Session, { files, query }: HostQuestion): Promise<HostSums> {
  const bindings = new Bindings()
  const keys = new Keys(['host'], [])
  const columns = (part: ScanPart) => {
    const [counted, packed] = countedSql(part, query)
    const times = [`${first} AS first_ms`, `${last} AS last_ms`]
    return [...keys.columns(part.end, bindings), `${counted} AS bytes`, `${packed} AS packets`, ...times] // prettier-ignore
  }
  const flows = scanSql({ files, query, keys }, { columns }, bindings)
  return hostSumsOf(await session.read(hostSumsSql(flows, edgeHosts), bindings), edgeHosts)
}

/**
 * The hosts that can be among the greatest `limit`; null where lists leave that open for hosts that
 * none of them names, for too many, or where sums may not be exact.
 */
export function candidatesOf(groups: readonly HostSums[], limit: number): string[] | null {
  if (!isExact({ total: totalOf(groups) })) return null
  const restMost = groups.reduce((sum, group) => sum + group.restMost, 0)
  /** What a host came to at least, and how much more it may be. */
  const bounds = new Map<string, { least: number; more: number }>()
  for (const { hosts, restMost: rest } of groups)
    for (const [host, { bytes: sum }] of hosts) {
      const bound = bounds.get(host) ?? { least: 0, more: restMost }
      bounds.set(host, { least: bound.least + sum, more: bound.more - rest })
    }
  const sorted = Float64Array.from(bounds.values(), ({ least }) => least).sort()
  const enough = sorted[sorted.length - limit]
  if (enough === undefined || restMost >= enough) return null
  const found = [...bounds].filter(([, { least, more }]) => least + more >= enough)
  return found.length > limit + candidatesMore ? null : found.map(([host]) => host)
}

function totalOf(groups: readonly HostSums[]): HostSums['total'] {
  const total = { bytes: 0, packets: 0, flows: 0 }
  for (const group of groups)
    for (const name of ['bytes', 'packets', 'flows'] as const) total[name] += group.total[name]
  return total
}

type KnownSum = HostSum & { host: string }

/** The greatest of some hosts with their sums, where every list has all of a host, or says that it has nothing; else null. */
export function knownSums(
  groups: readonly HostSums[],
  hosts: readonly string[],
  limit: number,
): KnownSum[] | null {
  const known: KnownSum[] = []
  for (const host of hosts) {
    const sum = { host, bytes: 0, packets: 0, flows: 0, first: Infinity, last: -Infinity }
    for (const group of groups) {
      const part = group.hosts.get(host)
      // Where any other host came to nothing, there may still be flows of it without a byte.
      if (!part || !('first' in part)) return null
      sum.bytes += part.bytes
      sum.packets += part.packets
      sum.flows += part.flows
      sum.first = Math.min(sum.first, part.first)
      sum.last = Math.max(sum.last, part.last)
    }
    known.push(sum)
  }
  return known.sort((a, b) => b.bytes - a.bytes || compareHosts(a.host, b.host)).slice(0, limit)
}

/** The order of addresses by their halves. */
function compareHosts(a: string, b: string): number {
  const [one, other] = [a, b].map((host) => addressHalves(parseAddress(host)!))
  const by = (x: bigint, y: bigint) => (x < y ? -1 : x > y ? 1 : 0)
  return by(one!.high, other!.high) || by(one!.low, other!.low)
}

/** Rows of hosts whose sums are known, with the number of their peers. */
async function withPeers(
  session: Session,
  { files, query }: HostQuestion,
  known: readonly KnownSum[],
): Promise<FlowTopRow[]> {
  const bindings = new Bindings()
  const pairs = new Keys(['pair'], [])
  const halves = known.map(({ host }) => addressHalves(parseAddress(host)!))
  const flows = scanSql(
    { files, query, keys: pairs },
    {
      columns: ({ end }) => pairs.columns(end, bindings),
      condition: () => isAnyOf(halves, bindings),
    },
    bindings,
  )
  const table = await session.read(
    `WITH pairs AS MATERIALIZED (SELECT DISTINCT key0, key1, key2, key3 FROM (${flows})),
     ${chosenSql(halves, bindings)},
     peers AS (
       SELECT place, key2 AS peer_high, key3 AS peer_low FROM pairs JOIN chosen USING (key0, key1)
       UNION
       SELECT place, pairs.key0, pairs.key1 FROM pairs JOIN chosen ON key2 = chosen.key0 AND key3 = chosen.key1)
     SELECT place::DOUBLE AS place, count(*)::DOUBLE AS peers FROM peers GROUP BY place`,
    bindings,
  )
  const peers = new Map(table.numbers('place').map((place, i) => [place, table.numbers('peers')[i]!])) // prettier-ignore
  return known.map(({ host, ...sums }, i) => ({ key: { host }, ...sums, peers: peers.get(i) ?? 0 }))
}

type Halves = { high: bigint; low: bigint }

/** Whether an end of a flow may be one of some hosts: by the lower halves. */
function isAnyOf(hosts: readonly Halves[], bindings: Bindings): string {
  const lows = [...new Set(hosts.map(({ low }) => low))].map((low) => bindings.whole(low))
  const isOneOf = (end: string) => `"${end}AddressLow" IN (${lows.join(', ')})`
  return `(${isOneOf('source')} OR ${isOneOf('destination')})`
}

/** Hosts as the relation `chosen`, with their places in the list. */
function chosenSql(hosts: readonly Halves[], bindings: Bindings): string {
  const [highs, lows] = [hosts.map(({ high }) => high), hosts.map(({ low }) => low)]
  return `chosen AS (SELECT unnest(range(${hosts.length})) AS place,
    unnest(${bindings.wholes(highs)}) AS key0, unnest(${bindings.wholes(lows)}) AS key1)`
}

/** Of some hosts, the greatest that are asked for with all that is told of them. */
async function sumsOf(
  session: Session,
  { files, query }: HostQuestion,
  hosts: readonly string[],
): Promise<FlowTopRow[]> {
  const bindings = new Bindings()
  const pairs = new Keys(['pair'], [])
  const halves = hosts.map((host) => addressHalves(parseAddress(host)!))
  const flows = scanSql(
    { files, query, keys: pairs },
    {
      columns: (part) => {
        // All of them together are in a double, which is added up in half the time that 128 bits take.
        const [counted, packed] = countedSql(part, query).map((count) => `(${count})::DOUBLE`)
        const sums = [`${counted} AS bytes`, `${packed} AS packets`]
        const times = [`${first} AS first_ms`, `${last} AS last_ms`]
        return [...pairs.columns(part.end, bindings), ...sums, ...times]
      },
      condition: () => isAnyOf(halves, bindings),
    },
    bindings,
  )
  const sums = 'sum(bytes) AS bytes, sum(packets) AS packets, sum(flows) AS flows'
  const times = 'min(first_ms) AS first_ms, max(last_ms) AS last_ms'
  const table = await session.read(
    `WITH pairs AS MATERIALIZED (
       SELECT key0, key1, key2, key3, sum(bytes) AS bytes, sum(packets) AS packets, count(*) AS flows, ${times}
       FROM (${flows}) GROUP BY key0, key1, key2, key3),
     ${chosenSql(halves, bindings)},
     peers AS (
       SELECT key0, key1, key2, key3, ${sums}, ${times}
       FROM (SELECT * FROM pairs UNION ALL
         SELECT key2 AS key0, key3 AS key1, key0 AS key2, key1 AS key3, bytes, packets, flows, first_ms, last_ms FROM pairs)
         JOIN chosen USING (key0, key1)
       GROUP BY key0, key1, key2, key3),
     hosts AS (SELECT key0, key1, ${sums}, count(*) AS peers, ${times} FROM peers GROUP BY key0, key1)
     SELECT key0, key1, ${[...numbers, 'first_ms', 'last_ms'].map((name) => `${name}::DOUBLE AS told_${name}`).join(', ')}
     FROM hosts ORDER BY bytes DESC, key0, key1 LIMIT ${query.limit}`,
    bindings,
  )
  const [highs, low64s] = [table.wholes('key0'), table.wholes('key1')]
  const told = (name: string, row: number) => table.numbers(`told_${name}`)[row]!
  return highs.map((each, row) => ({
    key: { host: formatHalves(each, low64s[row]!) },
    bytes: told('bytes', row),
    packets: told('packets', row),
    flows: told('flows', row),
    peers: told('peers', row),
    first: told('first_ms', row),
    last: told('last_ms', row),
  }))
}

const numbers = ['bytes', 'packets', 'flows', 'peers']
