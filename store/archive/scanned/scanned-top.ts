/** The largest keys from row groups; same answers as sql/top.ts. */
import { addressHalves, parseAddress, type Network } from '../../../flow/address.ts'
import type { FlowTop, FlowTopQuery, FlowTopRow } from '../../flows.ts'
import { Keys } from '../keys/keys.ts'
import type { ArchiveFiles } from '../readable-files.ts'
import { topAnswer } from '../answer/top-answer.ts'
import type { DetailsFound, KeyValues } from './requests.ts'
import { boundsByLists, candidatesOf, type HostBounds } from './listed-hosts.ts'
import { greatestFirst, mostPeers, rankedMax } from './most-peers.ts'
import { rank } from './rank.ts'
import { progressOf, windowOf, type Scanning } from './scanner.ts'

/**
 * Finds the largest keys (or the hosts that may be the largest) first, then the details of these
 * only. Null if the query needs SQL.
 */
export async function scannedTop(
  scanning: Scanning,
  files: ArchiveFiles,
  query: FlowTopQuery & { local: readonly Network[] },
): Promise<FlowTop | null> {
  const { by, order, limit, progress } = query
  const { scanner, session } = scanning
  const window = windowOf(query)
  const groups = await scanner.groups(files, window)
  if (groups === null) return null
  const detailsOf = (keys: KeyValues) =>
    scanner.scan({ kind: 'details', window, by, keys }, groups, {
      session,
      progress: progressOf(progress, 1),
    })
  const listed = await listedTop(await boundsByLists(scanning, files, query), detailsOf, query)
  if (listed) return listed
  const ranked =
    order === 'peers' ? ({ by: 'flows', count: rankedMax } as const) : { by: order, count: limit }
  const ranking = await rank(
    { kind: 'ranking', window, by, order: { of: 'top', by: ranked.by }, count: ranked.count },
    (scanQuery) => scanner.scan(scanQuery, groups, { session, progress: progressOf(progress, 0) }),
  )
  if (order === 'peers') {
    const found = ranking && (await mostPeers(ranking, limit, detailsOf))
    return found && answerOf(found.places, found, query)
  }
  const details = ranking && (await detailsOf(ranking.keys))
  if (details === null) return null
  return answerOf([...details.bytes.keys()], { keys: ranking!.keys, details }, query)
}

/** The largest of the candidate hosts; null if the lists do not determine them. */
async function listedTop(
  bounds: HostBounds | null,
  detailsOf: (keys: KeyValues) => Promise<DetailsFound | null>,
  query: FlowTopQuery & { local: readonly Network[] },
): Promise<FlowTop | null> {
  const { limit } = query
  for (let enough = bounds?.likely ?? 0; ;) {
    const hosts = bounds && candidatesOf(bounds, { enough, limit })
    const keys = hosts && keysOf(hosts)
    const details = keys && (await detailsOf(keys))
    if (details === null) return null
    const places = greatestFirst(keys!, details.bytes).slice(0, limit)
    const least = details.bytes[places.at(-1)!]!
    if (least >= enough) return answerOf(places, { keys: keys!, details }, query)
    // Fewer hosts than requested reach the bound, but `limit` reach `least`: repeat with all that can.
    enough = least
  }
}

function keysOf(hosts: readonly string[]): KeyValues {
  const halves = hosts.map((host) => addressHalves(parseAddress(host)!))
  return [halves.map(({ high }) => high), halves.map(({ low }) => low)]
}

function answerOf(
  places: readonly number[],
  { keys: values, details }: { keys: KeyValues; details: DetailsFound },
  { by, local }: FlowTopQuery & { local: readonly Network[] },
): FlowTop {
  const keys = new Keys(by, local)
  const rows = places.map((place) => rowAt(place, keys, values, details))
  return topAnswer(keys, rows, { total: details.total })
}

function rowAt(place: number, keys: Keys, values: KeyValues, details: DetailsFound): FlowTopRow {
  return {
    key: keys.read(values.map((column) => column[place]!)),
    bytes: details.bytes[place]!,
    packets: details.packets[place]!,
    flows: details.flows[place]!,
    peers: details.peers[place]!,
    first: details.first[place]!,
    last: details.last[place]!,
  }
}
