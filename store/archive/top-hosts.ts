/**
 * The greatest hosts of a long window out of the lists in the files' footers (host-sums.ts): added up, these
 * say what each host came to at least and at most. So only flows of the few hosts are summed that can be
 * among the greatest, and each flow is read once for both of its ends. The answer is that of summing all.
 */
import { addressHalves, formatHalves, parseAddress } from '../../flow/address.ts'
import type { FlowTop, FlowTopQuery, FlowTopRow } from '../flows.ts'
import { Bindings } from './bindings.ts'
import { bytes, first, last, packets } from './expressions.ts'
import { isExact, type HostSums } from './host-list.ts'
import { hostSumsOf, hostSumsSql, type KeptHostSums } from './host-sums.ts'
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
  const rows = await sumsOf(session, asked, hosts)
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
    return [...keys.columns(part.end, bindings), `${counted} AS bytes`, `${packed} AS packets`]
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
    for (const [host, sum] of hosts) {
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

/** Of some hosts, the greatest that are asked for with all that is told of them. */
async function sumsOf(
  session: Session,
  { files, query }: HostQuestion,
  hosts: readonly string[],
): Promise<FlowTopRow[]> {
  const bindings = new Bindings()
  const pairs = new Keys(['pair'], [])
  const halves = hosts.map((host) => addressHalves(parseAddress(host)!))
  const lows = [...new Set(halves.map(({ low }) => low))].map((low) => bindings.whole(low))
  const isOneOf = (end: string) => `"${end}AddressLow" IN (${lows.join(', ')})`
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
      condition: () => `(${isOneOf('source')} OR ${isOneOf('destination')})`,
    },
    bindings,
  )
  const sums = 'sum(bytes) AS bytes, sum(packets) AS packets, sum(flows) AS flows'
  const times = 'min(first_ms) AS first_ms, max(last_ms) AS last_ms'
  const [high, low] = [halves.map((half) => half.high), halves.map((half) => half.low)]
  const table = await session.read(
    `WITH pairs AS MATERIALIZED (
       SELECT key0, key1, key2, key3, sum(bytes) AS bytes, sum(packets) AS packets, count(*) AS flows, ${times}
       FROM (${flows}) GROUP BY key0, key1, key2, key3),
     chosen AS (SELECT unnest(${bindings.wholes(high)}) AS key0, unnest(${bindings.wholes(low)}) AS key1),
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
