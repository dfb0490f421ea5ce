/** The greatest keys out of held files: see top.ts, whose answer this is too. */
import type { NetworkSet } from '../../../flow/address.ts'
import { countWithin } from '../../../flow/spread.ts'
import type { FlowTop, FlowTopQuery, FlowTopRow } from '../../flows.ts'
import type { KeyColumn } from '../key-columns.ts'
import { Keys, type End } from '../keys.ts'
import { ExactSums } from '../exact-sums.ts'
import { emptyTop, topAnswer } from '../top-answer.ts'
import { keysOfFile, Renumbering } from './file-keys.ts'
import { KeyTable } from './key-table.ts'
import type { HeldFlows } from './held-files.ts'
import { greatest, numberFlows, type Numbered } from './numbered.ts'

/** The greatest keys; then, of these alone unless they are ranked by them, peers. */
export async function heldTop(
  files: readonly HeldFlows[],
  query: FlowTopQuery,
  local: NetworkSet,
): Promise<FlowTop> {
  const keys = new Keys(query.by, local.networks)
  const numbered = await numberFlows(files, query, { keys, local, onlySaid: false })
  const { table } = numbered
  if (table.count === 0) return emptyTop(keys)
  const sums = sumsOf(numbered, query)
  const asked = { keys, local }
  const peersOfAll = query.order === 'peers' ? countPeers(numbered, null, asked) : null
  const listed = greatest(table, comparison(query, sums, peersOfAll), query.limit)
  const peers = peersOfAll ?? countPeers(numbered, new Set(listed), asked)
  const rows = listed.map((number): FlowTopRow => ({
    key: keys.read(table.valuesOf(number)),
    bytes: sums.bytes.of(number),
    packets: sums.packets.of(number),
    flows: sums.flows[number]!,
    peers: peers[number]!,
    first: sums.first[number]!,
    last: sums.last[number]!,
  }))
  const all = table.count
  return topAnswer(keys, rows, {
    bytes: sums.bytes.of(all),
    packets: sums.packets.of(all),
    flows: sums.flows[all]!,
  })
}

/** What is known of each key, by its number; after them all together. */
interface KeySums {
  bytes: ExactSums
  packets: ExactSums
  flows: Float64Array
  /** unix ms */
  first: Float64Array
  last: Float64Array
}

function sumsOf({ parts, table }: Numbered, { from, to, include }: FlowTopQuery): KeySums {
  const all = table.count
  const sums: KeySums = {
    bytes: new ExactSums(),
    packets: new ExactSums(),
    flows: new Float64Array(all + 1),
    first: new Float64Array(all).fill(Number.POSITIVE_INFINITY),
    last: new Float64Array(all).fill(Number.NEGATIVE_INFINITY),
  }
  sums.bytes.reach(all)
  sums.packets.reach(all)
  for (const { rows, numbers, file } of parts)
    for (let n = 0; n < rows.length; n++) {
      const number = numbers[n]!
      const row = rows[n]!
      const flow = { first: file.first[row]!, last: file.last[row]! }
      const isWhole = include !== 'any' || (flow.first >= from && flow.last <= to)
      const [bytes, packets] = [file.bytes[row]!, file.packets[row]!]
      const ofBytes = isWhole ? bytes : countWithin(bytes, flow, from, to)
      const ofPackets = isWhole ? packets : countWithin(packets, flow, from, to)
      sums.bytes.add(number, ofBytes)
      sums.bytes.add(all, ofBytes)
      sums.packets.add(number, ofPackets)
      sums.packets.add(all, ofPackets)
      sums.flows[number]! += 1
      sums.flows[all]! += 1
      if (flow.first < sums.first[number]!) sums.first[number] = flow.first
      if (flow.last > sums.last[number]!) sums.last[number] = flow.last
    }
  return sums
}

/** Which of two keys is ranked before the other: more than 0 where the first is. */
function comparison(
  { order, from, to }: FlowTopQuery,
  { bytes, packets, flows, first, last }: KeySums,
  peers: Uint32Array | null,
): (a: number, b: number) => number {
  const span = (number: number) => Math.min(last[number]!, to) - Math.max(first[number]!, from)
  const rate = (number: number) => (span(number) <= 0 ? 0 : bytes.of(number) / span(number))
  switch (order) {
    case 'bytes':
      return (a, b) => bytes.compare(a, b)
    case 'packets':
      return (a, b) => packets.compare(a, b)
    case 'flows':
      return (a, b) => flows[a]! - flows[b]!
    case 'peers':
      return (a, b) => peers![a]! - peers![b]!
    case 'rate':
      return (a, b) => rate(a) - rate(b)
    case 'duration':
      return (a, b) => span(a) - span(b)
  }
}

/** How many addresses were across from each key, by its number; only of those given, where some are. */
function countPeers(
  { parts, table }: Numbered,
  only: ReadonlySet<number> | null,
  { keys, local }: { keys: Keys; local: NetworkSet },
): Uint32Array {
  const peers = new Uint32Array(table.count)
  const isCounted = new Uint8Array(table.count).fill(only === null ? 1 : 0)
  for (const number of only ?? []) isCounted[number] = 1
  const addresses = new KeyTable(2)
  // A pair is the key's number and the address's, as the two words of one column.
  const pairs = new KeyTable(1)
  const pair = new Uint32Array(pairs.width)
  for (const { file, rows, end, numbers } of parts) {
    const across = keysOfFile(file, peerColumns(keys.peer(end)), local)
    const renumbering = new Renumbering(across.table, addresses)
    for (let n = 0; n < rows.length; n++) {
      const number = numbers[n]!
      if (isCounted[number] === 0) continue
      pair[0] = number
      pair[1] = renumbering.of(across.numbers[rows[n]!]!)
      const known = pairs.count
      pairs.numberOf(pair, 0)
      if (pairs.count > known) peers[number]! += 1
    }
  }
  return peers
}

function peerColumns(end: End): KeyColumn[] {
  const column = `${end}Address` as const
  return [
    { kind: 'half', column, half: 'High' },
    { kind: 'half', column, half: 'Low' },
  ]
}
