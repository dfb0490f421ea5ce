/**
 * Which hosts can be the greatest of a long window, out of the lists in the files' footers (host-list.ts): added up, these
 * say what each host came to at least and at most. So only flows of few hosts are added up.
 */
import { addressHalves, formatHalves, parseAddress } from '../../../flow/address.ts'
import type { FlowTopQuery } from '../../flows.ts'
import type { HostSums } from '../host-list.ts'
import type { ArchiveFiles } from '../readable-files.ts'
import type { KeyValues } from './asked.ts'
import { windowOf, type FilesToScan, type Scanning } from './scanner.ts'

/** Hosts that are listed of flows whose files have no list, or reach beyond the window. */
const edgeHosts = 1000
/** How many more hosts than are asked for may be followed: too much of the flows would be theirs. */
const candidatesMore = 100

type HostList = Pick<HostSums, 'hosts' | 'restMost'>

/** The hosts that can be the greatest; null where something else is asked for, or where lists do not say who can be. */
export async function greatestByLists(
  scanning: Scanning,
  files: ArchiveFiles,
  query: FlowTopQuery,
): Promise<KeyValues | null> {
  const { by, order, filter, limit } = query
  if (by.join() !== 'host' || order !== 'bytes' || filter) return null
  const [inside, edge] = await Promise.all(
    [files.inside, files.edge].map((paths) => listsOf(scanning, paths)),
  )
  if (inside!.lists.length === 0) return null
  const unlisted = [...inside!.unlisted]
  let hosts =
    edge!.unlisted.length + unlisted.length === 0
      ? candidatesOf(inside!.lists, edge!.lists, limit)
      : null
  if (hosts === null) {
    // Where much lies beyond the window, what lies within is looked at.
    const rest = { inside: unlisted, edge: files.edge, most: files.most }
    const list =
      unlisted.length + files.edge.length > 0 ? await listOf(scanning, rest, query) : null
    hosts = list && candidatesOf([...inside!.lists, list], [], limit)
  }
  if (hosts === null) return null
  const halves = hosts.map((host) => addressHalves(parseAddress(host)!))
  return [halves.map(({ high }) => high), halves.map(({ low }) => low)]
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
  const ranking = groups && (await scanner.scan({ kind: 'ranking', window, by: ['host'], order: { of: 'top', by: 'bytes' }, count: edgeHosts }, groups, { session })) // prettier-ignore
  if (ranking === null) return null
  const [high, low] = ranking.keys
  const hosts = new Map(ranking.ranked.map((sum, i) => [formatHalves(high![i]!, low![i]!), sum]))
  return { hosts, restMost: ranking.next }
}

/**
 * The hosts that can be among the greatest `limit` by lists of flows that lie within the window, and of flows at its edge,
 * any part of which may; null where lists leave that open for hosts that none of them names, or for too many.
 */
export function candidatesOf(
  inside: readonly HostList[],
  edge: readonly HostList[],
  limit: number,
): string[] | null {
  const groups = [...inside, ...edge]
  const restMost = groups.reduce((sum, group) => sum + group.restMost, 0)
  /** What a host came to at least, and how much more it may be. */
  const bounds = new Map<string, { least: number; more: number }>()
  for (const [i, { hosts, restMost: rest }] of groups.entries())
    for (const [host, sum] of hosts) {
      const { least, more } = bounds.get(host) ?? { least: 0, more: restMost }
      const bound = i < inside.length ? { least: least + sum, more } : { least, more: more + sum }
      bounds.set(host, { least: bound.least, more: bound.more - rest })
    }
  const sorted = Float64Array.from(bounds.values(), ({ least }) => least).sort()
  const enough = sorted[sorted.length - limit]
  if (enough === undefined || restMost >= enough) return null
  const found = [...bounds].filter(([, { least, more }]) => least + more >= enough)
  return found.length > limit + candidatesMore ? null : found.map(([host]) => host)
}
