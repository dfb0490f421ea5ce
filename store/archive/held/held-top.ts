/** The largest keys from held files; same answers as sql/top.ts. */
import { lengthCounted, rateCounted } from '../../../flow/spread.ts'
import type { NetworkSet } from '../../../flow/address.ts'
import type { FlowSums, FlowTop, FlowTopQuery, FlowTopRow } from '../../flows.ts'
import { Keys } from '../keys/keys.ts'
import { emptyTop, topAnswer } from '../answer/top-answer.ts'
import { keysOfFile, Renumbering } from './file-keys.ts'
import { addressColumns } from '../keys/key-columns.ts'
import { KeyTable } from '../keys/key-table.ts'
import { greatest, type Numbered } from './numbered.ts'
import type { HeldWindow } from './held-windows.ts'

/** Results for a window's keys: a page requests the same in another order. */
interface Known {
  sums: KeySums
  /** By key, for those requested so far. */
  peers: Map<number, number>
}

const kept = new WeakMap<Numbered, Known>()

/** The largest keys, then their peers; when ranked by peers, all keys' peers first. */
export async function heldTop(
  window: HeldWindow,
  query: FlowTopQuery,
  local: NetworkSet,
): Promise<FlowTop> {
  const keys = new Keys(query.by, local.networks)
  const numbered = await window.numbered(keys, local, false)
  query.signal?.throwIfAborted()
  const { table } = numbered
  if (table.count === 0) return emptyTop(keys)
  const known = kept.get(numbered) ?? {
    sums: sumsOf(numbered, query),
    peers: new Map<number, number>(),
  }
  kept.set(numbered, known)
  const { sums, peers } = known
  const peerKeys = { keys, local }
  if (query.order === 'peers') countPeers(numbered, everyKey(table), peers, peerKeys)
  const listed = greatest(table, comparison(query, sums, peers), query.limit)
  countPeers(numbered, listed, peers, peerKeys)
  const rows = listed.map((number): FlowTopRow => ({
    key: keys.read(table.valuesOf(number)),
    bytes: sums.bytes[number]!,
    packets: sums.packets[number]!,
    flows: sums.flows[number]!,
    peers: peers.get(number)!,
    first: sums.first[number]!,
    last: sums.last[number]!,
  }))
  return topAnswer(keys, rows, { total: sums.total })
}

/** The sums of each key, by its number, and of all. */
interface KeySums {
  bytes: Float64Array
  packets: Float64Array
  flows: Float64Array
  /** unix ms */
  first: Float64Array
  last: Float64Array
  total: FlowSums
}

function sumsOf({ parts, table }: Numbered, { include }: FlowTopQuery): KeySums {
  const { count } = table
  const [bytes, packets, flows] = [
    new Float64Array(count),
    new Float64Array(count),
    new Float64Array(count),
  ]
  const first = new Float64Array(count).fill(Number.POSITIVE_INFINITY)
  const last = new Float64Array(count).fill(Number.NEGATIVE_INFINITY)
  for (const { selected, numbers } of parts) {
    const { file, rows } = selected
    // Only flows that may extend beyond the window count in part.
    const isPart = include === 'any'
    const [ofBytes, ofPackets] = isPart
      ? [selected.shares('bytes'), selected.shares('packets')]
      : [file.bytes, file.packets]
    for (let n = 0; n < numbers.length; n++) {
      const number = numbers[n]!
      const row = rows[n]!
      const at = isPart ? n : row
      const begin = file.first[row]!
      const end = file.last[row]!
      bytes[number]! += ofBytes[at]!
      packets[number]! += ofPackets[at]!
      flows[number]! += 1
      if (begin < first[number]!) first[number] = begin
      if (end > last[number]!) last[number] = end
    }
  }
  const sum = (values: Float64Array) => values.reduce((all, value) => all + value, 0)
  const total = { bytes: sum(bytes), packets: sum(packets), flows: sum(flows) }
  return { bytes, packets, flows, first, last, total }
}

/** Compares two keys by rank: positive if the first ranks higher. */
function comparison(
  { order, from, to, include }: FlowTopQuery,
  { bytes, packets, flows, first, last }: KeySums,
  peers: ReadonlyMap<number, number>,
): (a: number, b: number) => number {
  const window = { from, to, include }
  const times = (number: number) => ({ first: first[number]!, last: last[number]! })
  const span = (number: number) => lengthCounted(times(number), window)
  const rate = (number: number) => rateCounted(bytes[number]!, times(number), window)
  switch (order) {
    case 'bytes':
      return (a, b) => bytes[a]! - bytes[b]!
    case 'packets':
      return (a, b) => packets[a]! - packets[b]!
    case 'flows':
      return (a, b) => flows[a]! - flows[b]!
    case 'peers':
      return (a, b) => peers.get(a)! - peers.get(b)!
    case 'rate':
      return (a, b) => rate(a) - rate(b)
    case 'duration':
      return (a, b) => span(a) - span(b)
  }
}

function everyKey({ count }: KeyTable): number[] {
  return Array.from({ length: count }, (_, number) => number)
}

/** Adds to `counted` the number of peer addresses of each given key that is not in it yet. */
function countPeers(
  { parts, table }: Numbered,
  keyNumbers: readonly number[],
  counted: Map<number, number>,
  { keys, local }: { keys: Keys; local: NetworkSet },
): void {
  const wanted = keyNumbers.filter((number) => !counted.has(number))
  if (wanted.length === 0) return
  const peers = new Uint32Array(table.count)
  const isCounted = new Uint8Array(table.count)
  for (const number of wanted) isCounted[number] = 1
  const addresses = new KeyTable(2)
  // A pair is the numbers of the key and the address, as the two words of one column.
  const pairs = new KeyTable(1)
  const pair = new Uint32Array(pairs.width)
  for (const { selected, end, numbers } of parts) {
    const { file, rows } = selected
    const across = keysOfFile(file, addressColumns(`${keys.peer(end)}Address`), local)
    const renumbering = new Renumbering(across.table, addresses)
    for (let n = 0; n < rows.length; n++) {
      const number = numbers[n]!
      if (isCounted[number] !== 1) continue
      pair[0] = number
      pair[1] = renumbering.of(across.numbers[rows[n]!]!)
      const known = pairs.count
      pairs.numberOf(pair, 0)
      if (pairs.count > known) peers[number]! += 1
    }
  }
  for (const number of wanted) counted.set(number, peers[number]!)
}
