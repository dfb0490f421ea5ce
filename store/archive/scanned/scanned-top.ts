/** The greatest keys out of row groups: see top.ts, whose answer this is too. */
import type { Network } from '../../../flow/address.ts'
import type { FlowTop, FlowTopQuery, FlowTopRow } from '../../flows.ts'
import { Keys } from '../keys.ts'
import type { ArchiveFiles } from '../readable-files.ts'
import { topAnswer } from '../top-answer.ts'
import type { DetailsFound, KeyValues } from './asked.ts'
import { greatestByLists } from './listed-hosts.ts'
import { progressOf, windowOf, type Scanning } from './scanner.ts'

/**
 * The greatest keys, found first, or of hosts those that can be the greatest; then, of these alone, all that is told of
 * them. Null where it is for SQL to find them.
 */
export async function scannedTop(
  scanning: Scanning,
  files: ArchiveFiles,
  query: FlowTopQuery & { local: readonly Network[] },
): Promise<FlowTop | null> {
  const { by, order, limit, progress } = query
  if (order === 'peers') return null
  const { scanner, session } = scanning
  const window = windowOf(query)
  const groups = await scanner.groups(files, window)
  if (groups === null) return null
  const listed = await greatestByLists(scanning, files, query)
  const ranking = listed
    ? { keys: listed }
    : await scanner.scan(
        { kind: 'ranking', window, by, order: { of: 'top', by: order }, count: limit },
        groups,
        { session, progress: progressOf(progress, 0) },
      )
  if (ranking === null) return null
  const asked = { kind: 'details', window, by, keys: ranking.keys } as const
  const told = { session, progress: progressOf(progress, 1) }
  const details = await scanner.scan(asked, groups, told)
  if (details === null) return null
  const keys = new Keys(by, query.local)
  const places = [...details.bytes.keys()]
  const shown = listed ? byBytes(places, listed, details).slice(0, limit) : places
  const rows = shown.map((place) => rowAt(place, keys, ranking.keys, details))
  return topAnswer(keys, rows, { total: details.total })
}

/** The places of hosts, the greatest first; equals by their address. */
function byBytes(
  places: readonly number[],
  [high, low]: KeyValues,
  { bytes }: DetailsFound,
): number[] {
  const isBefore = (a: number, b: number) =>
    high![a] === high![b] ? low![a]! < low![b]! : high![a]! < high![b]!
  return places.toSorted((a, b) => bytes[b]! - bytes[a]! || (isBefore(a, b) ? -1 : 1))
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
