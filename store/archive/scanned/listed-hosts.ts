/**
 * Which hosts can be the greatest of a long window, out of the lists in the files' footers (write/host-list.ts): added up, these
 * say what each host came to at most. So only flows of few hosts are added up, and then it is seen whether any other could have
 * more than they.
 */
import { formatHalves } from '../../../flow/address.ts'
import type { FlowTopQuery } from '../../flows.ts'
import type { HostSums } from '../write/host-list.ts'
import type { ArchiveFiles } from '../readable-files.ts'
import { windowOf, type FilesToScan, type Scanning } from './scanner.ts'

/** Hosts that are listed of flows whose files have no list. */
const unlistedHosts = 1000
/** How many more hosts than are asked for may be followed: too much of the flows would be theirs. */
const candidatesMore = 100
/** Hosts are asked for first that may come to so much of what the last that is asked for is likely to come to: of files at the edge mostly less lies within. */
const likelyShare = 0.4

type HostList = Pick<HostSums, 'hosts' | 'restMost'>

/** What hosts came to at most, by lists of which each host is named by one at least. */
export interface HostBounds {
  most: ReadonlyMap<string, number>
  /** The most that a host came to that none of them names. */
  restMost: number
  /** What the last that is asked for came to at least, or as far as is likely. */
  likely: number
}

/** What hosts came to by the lists of files; null where something else is asked for, or where there are no lists. */
export async function boundsByLists(
  scanning: Scanning,
  files: ArchiveFiles,
  query: FlowTopQuery,
): Promise<HostBounds | null> {
  const { by, order, filter, limit } = query
  if (by.join() !== 'host' || order !== 'bytes' || filter) return null
  const [inside, edge] = await Promise.all(
    [files.inside, files.edge].map((paths) => listsOf(scanning, paths)),
  )
  if (inside!.lists.length + edge!.lists.length === 0) return null
  const unlisted = { inside: inside!.unlisted, edge: edge!.unlisted, most: files.most }
  const hasUnlisted = unlisted.inside.length + unlisted.edge.length > 0
  const list = hasUnlisted ? await listOf(scanning, unlisted, query) : null
  if (hasUnlisted && list === null) return null
  const exact = list ? [...inside!.lists, list] : inside!.lists
  const part = files.rowsWithin / files.rows
  return boundsOf({ inside: exact, edge: edge!.lists }, { limit, part })
}

async function listsOf({ scanner }: Scanning, paths: readonly string[]) {
  const lists = await scanner.hosts(paths)
  return {
    lists: lists.filter((list) => list !== null),
    unlisted: paths.filter((_, i) => lists[i] === null),
  }
}

/** The greatest hosts of flows that no list has. */
async function listOf(
  { scanner, session }: Scanning,
  files: FilesToScan,
  query: FlowTopQuery,
): Promise<HostList | null> {
  const window = windowOf(query)
  const groups = await scanner.groups(files, window)
  const ranking = groups && (await scanner.scan({ kind: 'ranking', window, by: ['host'], order: { of: 'top', by: 'bytes' }, count: unlistedHosts }, groups, { session })) // prettier-ignore
  if (ranking === null) return null
  const [high, low] = ranking.keys
  const hosts = new Map(ranking.ranked.map((sum, i) => [formatHalves(high![i]!, low![i]!), sum]))
  return { hosts, restMost: ranking.next }
}

/**
 * Bounds by lists of flows that lie within the window, and of flows at its edge, any part of which may, and about such a part
 * of which does; null where they name fewer hosts than are asked for.
 */
export function boundsOf(
  { inside, edge }: { inside: readonly HostList[]; edge: readonly HostList[] },
  { limit, part }: { limit: number; part: number },
): HostBounds | null {
  const restMost = [...inside, ...edge].reduce((sum, list) => sum + list.restMost, 0)
  const most = new Map<string, number>()
  const least = new Map<string, number>()
  const likely = new Map<string, number>()
  const add = ({ hosts, restMost: rest }: HostList, share: { least: number; likely: number }) => {
    for (const [host, sum] of hosts) {
      most.set(host, (most.get(host) ?? restMost) + sum - rest)
      least.set(host, (least.get(host) ?? 0) + sum * share.least)
      likely.set(host, (likely.get(host) ?? 0) + sum * share.likely)
    }
  }
  for (const list of inside) add(list, { least: 1, likely: 1 })
  for (const list of edge) add(list, { least: 0, likely: part })
  if (most.size < limit) return null
  const lastOf = (sums: ReadonlyMap<string, number>) =>
    Float64Array.from(sums.values()).sort().at(-limit)!
  return { most, restMost, likely: Math.max(lastOf(least), likelyShare * lastOf(likely)) }
}

/** All hosts that may have come to so much; null where such may be among those that no list names, or where they are too many. */
export function candidatesOf(
  { most, restMost }: HostBounds,
  { enough, limit }: { enough: number; limit: number },
): string[] | null {
  const hosts = [...most].flatMap(([host, sum]) => (sum >= enough ? [host] : []))
  return restMost >= enough || hosts.length > limit + candidatesMore ? null : hosts
}
