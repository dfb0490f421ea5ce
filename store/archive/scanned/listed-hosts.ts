/**
 * Which hosts can be the greatest of a long window, out of the lists in the files' footers (host-list.ts): added up, these
 * say what each host came to at most. So only flows of few hosts are added up, and then it is seen whether any other could have
 * more than they.
 */
import { addressHalves, formatHalves, parseAddress } from '../../../flow/address.ts'
import type { FlowTopQuery } from '../../flows.ts'
import type { HostSums } from '../host-list.ts'
import type { ArchiveFiles } from '../readable-files.ts'
import type { KeyValues } from './asked.ts'
import { windowOf, type FilesToScan, type Scanning } from './scanner.ts'

/** Hosts that are listed of flows whose files have no list. */
const unlistedHosts = 1000
/** How many more hosts than are asked for may be followed: too much of the flows would be theirs. */
const candidatesMore = 100
/** Hosts are followed that may come to so much of what the last that is asked for is likely to come to. */
const likelyShare = 0.7

type HostList = Pick<HostSums, 'hosts' | 'restMost'>

/** Hosts that may be the greatest, and what any other comes to less than. */
export interface Candidates<Hosts> {
  hosts: Hosts
  othersBelow: number
}

/** The hosts that may be the greatest; null where something else is asked for, or where lists are not likely to say who they are. */
export async function greatestByLists(
  scanning: Scanning,
  files: ArchiveFiles,
  query: FlowTopQuery,
): Promise<Candidates<KeyValues> | null> {
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
  const found = candidatesOf({ inside: exact, edge: edge!.lists }, { limit, part })
  if (found === null) return null
  const halves = found.hosts.map((host) => addressHalves(parseAddress(host)!))
  return { ...found, hosts: [halves.map(({ high }) => high), halves.map(({ low }) => low)] }
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
 * The hosts that may be among the greatest `limit` by lists of flows that lie within the window, and of flows at its edge,
 * any part of which may, and about such a part of which does; null where others are likely to be, or where they are too many.
 */
export function candidatesOf(
  { inside, edge }: { inside: readonly HostList[]; edge: readonly HostList[] },
  { limit, part }: { limit: number; part: number },
): Candidates<string[]> | null {
  const restMost = [...inside, ...edge].reduce((sum, list) => sum + list.restMost, 0)
  /** What a host came to at least, about, and at most. */
  const bounds = new Map<string, { least: number; likely: number; most: number }>()
  const add = ({ hosts, restMost: rest }: HostList, share: { least: number; likely: number }) => {
    for (const [host, sum] of hosts) {
      const { least, likely, most } = bounds.get(host) ?? { least: 0, likely: 0, most: restMost }
      bounds.set(host, {
        least: least + sum * share.least,
        likely: likely + sum * share.likely,
        most: most + sum - rest,
      })
    }
  }
  for (const list of inside) add(list, { least: 1, likely: 1 })
  for (const list of edge) add(list, { least: 0, likely: part })
  if (bounds.size < limit) return null
  const lastOf = (bound: 'least' | 'likely') =>
    Float64Array.from(bounds.values(), (each) => each[bound])
      .sort()
      .at(-limit)!
  const enough = Math.max(lastOf('least'), likelyShare * lastOf('likely'))
  const found = [...bounds].filter(([, { most }]) => most >= enough)
  if (restMost >= enough || found.length > limit + candidatesMore) return null
  return { hosts: found.map(([host]) => host), othersBelow: enough }
}
