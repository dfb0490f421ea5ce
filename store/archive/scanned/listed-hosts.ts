/**
 * Which hosts can be the greatest of a long window, out of the lists in the files' footers (host-list.ts): added up, these
 * say what each host came to at least and at most. So only flows of few hosts are added up.
 */
import { addressHalves, formatHalves, parseAddress } from '../../../flow/address.ts'
import type { FlowSums, FlowTopQuery } from '../../flows.ts'
import { isExact, type HostSums } from '../host-list.ts'
import type { ArchiveFiles } from '../readable-files.ts'
import type { KeyValues } from './asked.ts'
import { windowOf, type FilesToScan, type Scanning } from './scanner.ts'

/** Hosts that are listed of flows whose files have no list, or reach beyond the window. */
const edgeHosts = 1000
/** How many more hosts than are asked for may be followed: too much of the flows would be theirs. */
const candidatesMore = 100

/** Null where something else is asked for, or where lists do not say who the greatest can be. */
export async function greatestByLists(
  scanning: Scanning,
  files: ArchiveFiles,
  query: FlowTopQuery,
): Promise<{ keys: KeyValues; total: FlowSums } | null> {
  const { by, order, filter, limit } = query
  if (!files.isLong || by.join() !== 'host' || order !== 'bytes' || filter) return null
  const lists = await scanning.scanner.hosts(files.inside)
  const groups = lists.filter((list) => list !== null)
  if (groups.length === 0) return null
  const inside = files.inside.filter((_, i) => lists[i] === null)
  const unlisted = { inside, edge: files.edge, most: files.most }
  if (unlisted.inside.length + unlisted.edge.length > 0) {
    const list = await listOf(scanning, unlisted, query)
    if (list === null) return null
    groups.push(list)
  }
  const hosts = candidatesOf(groups, limit)
  if (hosts === null) return null
  const halves = hosts.map((host) => addressHalves(parseAddress(host)!))
  return { keys: [halves.map(({ high }) => high), halves.map(({ low }) => low)], total: totalOf(groups) } // prettier-ignore
}

/** The greatest hosts of flows that no list has. */
async function listOf(
  { scanner, session }: Scanning,
  files: FilesToScan,
  query: FlowTopQuery,
): Promise<HostSums | null> {
  const window = windowOf(query)
  const groups = await scanner.groups(files, window)
  const ranking = groups && (await scanner.scan({ kind: 'ranking', window, by: ['host'], order: { of: 'top', by: 'bytes' }, count: edgeHosts }, groups, { session })) // prettier-ignore
  if (ranking === null) return null
  const [high, low] = ranking.keys
  const hosts = new Map(ranking.ranked.map((sum, i) => [formatHalves(high![i]!, low![i]!), sum]))
  return { hosts, restMost: ranking.next, total: ranking.total }
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
