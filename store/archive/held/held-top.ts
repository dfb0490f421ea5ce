/** The greatest keys out of held files: see top.ts, whose answer this is too. */
import type { NetworkSet } from '../../../flow/address.ts'
import type { FlowSums, FlowTop, FlowTopQuery, FlowTopRow } from '../../flows.ts'
import { Keys } from '../keys.ts'
import { emptyTop, topAnswer } from '../top-answer.ts'
import { keysOfFile, Renumbering } from './file-keys.ts'
import { addressColumns, KeyTable } from './key-table.ts'
import { greatest, type Numbered } from './numbered.ts'
import type { HeldWindow } from './window.ts'

/** The greatest keys; then, of these alone unless they are ranked by them, peers. */
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
  const sums = sumsOf(numbered, query)
  const asked = { keys, local }
  const peersOfAll = query.order === 'peers' ? countPeers(numbered, null, asked) : null
  const listed = greatest(table, comparison(query, sums, peersOfAll), query.limit)
  const peers = peersOfAll ?? countPeers(numbered, new Set(listed), asked)
  const rows = listed.map((number): FlowTopRow => ({
    key: keys.read(table.valuesOf(number)),
    bytes: sums.bytes[number]!,
    packets: sums.packets[number]!,
    flows: sums.flows[number]!,
    peers: peers[number]!,
    first: sums.first[number]!,
    last: sums.last[number]!,
  }))
  return topAnswer(keys, rows, { total: sums.total })
}

/** What is known of each key, by its number, and of all. */
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
  const [bytes, packets, flows] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)] // prettier-ignore
  const first = new Float64Array(count).fill(Number.POSITIVE_INFINITY)
  const last = new Float64Array(count).fill(Number.NEGATIVE_INFINITY)
  for (const { selected, numbers } of parts) {
    const { file, rows } = selected
    // Only of flows that may lie partly in the window a part counts.
    const isPart = include === 'any'
    const [ofBytes, ofPackets] = isPart
      ? [selected.shares('bytes'), selected.shares('packets')]
      : [file.bytes, file.packets]
    for (let n = 0; n < numbers.length; n++) {
      const [number, row] = [numbers[n]!, rows[n]!]
      const at = isPart ? n : row
      bytes[number]! += ofBytes[at]!
      packets[number]! += ofPackets[at]!
      flows[number]! += 1
      if (file.first[row]! < first[number]!) first[number] = file.first[row]!
      if (file.last[row]! > last[number]!) last[number] = file.last[row]!
    }
  }
  const sum = (values: Float64Array) => values.reduce((all, value) => all + value, 0)
  const total = { bytes: sum(bytes), packets: sum(packets), flows: sum(flows) }
  return { bytes, packets, flows, first, last, total }
}

/** Which of two keys is ranked before the other: more than 0 where the first is. */
function comparison(
  { order, from, to }: FlowTopQuery,
  { bytes, packets, flows, first, last }: KeySums,
  peers: Uint32Array | null,
): (a: number, b: number) => number {
  const span = (number: number) => Math.min(last[number]!, to) - Math.max(first[number]!, from)
  const rate = (number: number) => (span(number) <= 0 ? 0 : bytes[number]! / span(number))
  switch (order) {
    case 'bytes':
      return (a, b) => bytes[a]! - bytes[b]!
    case 'packets':
      return (a, b) => packets[a]! - packets[b]!
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
  for (const { selected, end, numbers } of parts) {
    const { file, rows } = selected
    const across = keysOfFile(file, addressColumns(`${keys.peer(end)}Address`), local)
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
