/** Groups the records of each 5-tuple, in either direction. */
import { isIcmp } from '../../icmp.ts'
import type { FlowTable } from './flow-table.ts'

/** Rows of a flow table by 5-tuple: tuple t has rows[starts[t]] to rows[starts[t + 1] − 1], by start time. */
export interface Tuples {
  count: number
  starts: Uint32Array
  rows: Uint32Array
}

const emptySlot = 0xffffffff

/** Groups the rows of a table by protocol, addresses and ports, in either direction. */
export function groupByTuple(table: FlowTable): Tuples {
  const { count } = table
  const slots = new Uint32Array(2 ** Math.ceil(Math.log2(Math.max(16, count * 2)))).fill(emptySlot)
  const mask = slots.length - 1
  /** A row of each tuple, to compare against. */
  const sample = new Uint32Array(count)
  const tupleOf = new Uint32Array(count)
  let tuples = 0
  for (let row = 0; row < count; row++) {
    let slot = hash(table, row) & mask
    while (slots[slot] !== emptySlot && !isSame(table, sample[slots[slot]!]!, row))
      slot = (slot + 1) & mask
    if (slots[slot] === emptySlot) {
      sample[tuples] = row
      slots[slot] = tuples++
    }
    tupleOf[row] = slots[slot]!
  }
  // The next step takes as much memory, so this is freed now, not by the garbage collector.
  slots.buffer.transfer(0)
  sample.buffer.transfer(0)
  return byTuple(table, tupleOf, tuples)
}

function byTuple(
  { first, count }: FlowTable,
  tupleOf: Uint32Array<ArrayBuffer>,
  tuples: number,
): Tuples {
  const starts = new Uint32Array(tuples + 1)
  for (let row = 0; row < count; row++) starts[tupleOf[row]! + 1]!++
  for (let t = 0; t < tuples; t++) starts[t + 1]! += starts[t]!
  const next = starts.slice()
  const rows = new Uint32Array(count)
  for (let row = 0; row < count; row++) rows[next[tupleOf[row]!]!++] = row
  next.buffer.transfer(0)
  tupleOf.buffer.transfer(0)
  for (let t = 0; t < tuples; t++) {
    const [from, to] = [starts[t]!, starts[t + 1]!]
    if (to - from > 1) rows.subarray(from, to).sort((a, b) => first[a]! - first[b]!)
  }
  return { count: tuples, starts, rows }
}

/** The same for both directions of a 5-tuple. */
function hash(table: FlowTable, row: number): number {
  const protocol = table.protocol[row]!
  const hasPorts = !isIcmp(protocol)
  const one = side(table.source[row]!, hasPorts ? table.sourcePort[row]! : 0)
  const other = side(table.destination[row]!, hasPorts ? table.destinationPort[row]! : 0)
  let mixed = Math.imul((one + other) ^ protocol, 0x9e3779b1)
  mixed = Math.imul(mixed ^ (mixed >>> 15) ^ Math.imul(one ^ other, 0x85ebca6b), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 13)) >>> 0
}

function side(host: number, port: number): number {
  return Math.imul(Math.imul(host, 0x9e3779b1) ^ port, 0x85ebca6b) >>> 0
}

function isSame(table: FlowTable, a: number, b: number): boolean {
  if (table.protocol[a] !== table.protocol[b]) return false
  const { source, destination, sourcePort, destinationPort } = table
  if (isIcmp(table.protocol[a]!))
    return (
      (source[a] === source[b] && destination[a] === destination[b]) ||
      (source[a] === destination[b] && destination[a] === source[b])
    )
  return (
    (source[a] === source[b] &&
      destination[a] === destination[b] &&
      sourcePort[a] === sourcePort[b] &&
      destinationPort[a] === destinationPort[b]) ||
    (source[a] === destination[b] &&
      destination[a] === source[b] &&
      sourcePort[a] === destinationPort[b] &&
      destinationPort[a] === sourcePort[b])
  )
}
