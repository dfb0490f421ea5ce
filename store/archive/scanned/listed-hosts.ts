/**
 * Finds the hosts that may be the largest of a long window from the lists in the files' footers
 * (write/host-list.ts), whose sums are an upper bound for each host. So only the flows of few hosts
 * are summed; then the bounds show whether any other host could exceed them.
 */
import { formatHalves } from '../../../flow/address.ts'
import type { FlowTopQuery } from '../../flows.ts'
import type { HostSums } from '../write/host-list.ts'
import type { ArchiveFiles } from '../readable-files.ts'
import { windowOf, type FilesToScan, type Scanning } from './scanner.ts'

/** Hosts listed for files without a list. */
const unlistedHosts = 1000
/** How many more hosts than requested may be followed: beyond that, they account for too many flows. */
const candidatesMore = 100
/**
 * A host is a candidate if it may reach this share of the last rank's likely sum: edge files mostly
 * contribute less.
 */
const likelyShare = 0.4

type HostList = Pick<HostSums, 'hosts' | 'restMax'>

/** Upper bounds for hosts, from lists that together cover all files. */
export interface HostBounds {
  most: ReadonlyMap<string, number>
  /** The upper bound of any host in none of the lists. */
  restMax: number
  /** A lower bound for the last requested rank, or a likely one. */
  likely: number
}

/** Bounds from the files' lists; null for other kinds of queries, or if no file has a list. */
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

/** The largest hosts in files without a list. */
async function listOf(
  { scanner, session }: Scanning,
  files: FilesToScan,
  query: FlowTopQuery,
): Promise<HostList | null> {
  const window = windowOf(query)
  const groups = await scanner.groups(files, window)
  const ranking =
    groups &&
    (await scanner.scan(
      {
        kind: 'ranking',
        window,
        by: ['host'],
        order: { of: 'top', by: 'bytes' },
        count: unlistedHosts,
      },
      groups,
      { session },
    ))
  if (ranking === null) return null
  const [high, low] = ranking.keys
  const hosts = new Map(ranking.ranked.map((sum, i) => [formatHalves(high![i]!, low![i]!), sum]))
  return { hosts, restMax: ranking.next }
}

/**
 * Bounds from lists of flows within the window, and of flows at its edge, of which about `part` is
 * likely to lie inside; null if they name fewer hosts than requested.
 */
export function boundsOf(
  { inside, edge }: { inside: readonly HostList[]; edge: readonly HostList[] },
  { limit, part }: { limit: number; part: number },
): HostBounds | null {
  const restMax = [...inside, ...edge].reduce((sum, list) => sum + list.restMax, 0)
  const most = new Map<string, number>()
  const least = new Map<string, number>()
  const likely = new Map<string, number>()
  const add = ({ hosts, restMax: rest }: HostList, share: { least: number; likely: number }) => {
    for (const [host, sum] of hosts) {
      most.set(host, (most.get(host) ?? restMax) + sum - rest)
      least.set(host, (least.get(host) ?? 0) + sum * share.least)
      likely.set(host, (likely.get(host) ?? 0) + sum * share.likely)
    }
  }
  for (const list of inside) add(list, { least: 1, likely: 1 })
  for (const list of edge) add(list, { least: 0, likely: part })
  if (most.size < limit) return null
  const lastOf = (sums: ReadonlyMap<string, number>) =>
    Float64Array.from(sums.values()).sort().at(-limit)!
  return { most, restMax, likely: Math.max(lastOf(least), likelyShare * lastOf(likely)) }
}

/** All hosts that may have reached `enough`; null if there may be unlisted ones, or if there are too many. */
export function candidatesOf(
  { most, restMax }: HostBounds,
  { enough, limit }: { enough: number; limit: number },
): string[] | null {
  const hosts = [...most].flatMap(([host, sum]) => (sum >= enough ? [host] : []))
  return restMax >= enough || hosts.length > limit + candidatesMore ? null : hosts
}
