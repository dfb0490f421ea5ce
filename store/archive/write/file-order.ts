/** The order of rows in sorted files: row groups by time of receipt, and within them similar rows together. */
import { archiveColumns, type ArchiveColumn } from '../columns.ts'
import type { ScratchMemory } from '../scratch-memory.ts'
import { RowOrder } from './row-order.ts'
import type { SourceFiles } from '../read-back/source-files.ts'

/**
 * The sort keys: flows of one service in one direction with the same flags and packet count are
 * alike in most other columns, so they compress best together. If routers report AS numbers, these
 * come first: addresses, interfaces and next hops go with them. Sizes and query times of other
 * orders were measured: see docs/measured.md.
 */
const ports = { source: 'sourceTransportPort', destination: 'destinationTransportPort' }
const systems = ['bgpSourceAsNumber', 'bgpDestinationAsNumber']
const thenBy = ['tcpControlBits', 'packetDeltaCount', 'flowStartMilliseconds']
const receipt = 'collectionTimeMilliseconds'

/**
 * Row groups have about `usual` rows, each for a part of the file's time, so that a query over
 * minutes reads few. If most flows arrived at once, their part is split into groups of `most`.
 */
export interface GroupBounds {
  usual: number
  most: number
}

const usualBounds: GroupBounds = { usual: 98_304, most: 1 << 18 }

/** The rows of a row group, in order. */
export type GroupRows = Uint32Array

/** Above the lower port. */
const directionUnit = 2 ** 16

const order = new RowOrder()

/** The rows of a file's row groups, valid until the next call. Rows with equal keys keep the order of the files. */
export async function groupsInOrder(
  source: SourceFiles,
  scratch: ScratchMemory,
  { usual, most }: GroupBounds = usualBounds,
): Promise<GroupRows[]> {
  const { rows } = source
  const room = scratch.of('first', 8 * rows)
  const read = (name: string) => source.read(columnOf(name), room) as Promise<Float64Array>
  order.begin(rows)
  for (const name of thenBy.toReversed()) order.sortBy(await read(name))
  const keys = new Uint32Array(scratch.of('second', 4 * rows), 0, rows)
  const sources = await source.read(columnOf(ports.source), scratch.of('third', 2 * rows))
  putServices(sources, await read(ports.destination), keys)
  order.sortBy(keys)
  for (const name of systems.toReversed())
    if (!source.single(columnOf(name))) order.sortBy(await read(name))
  const sizes = putGroups(await read(receipt), Math.max(1, Math.round(rows / usual)), keys)
  order.sortBy(keys)
  return cut(order.rows, sizes, most)
}

function columnOf(name: string): ArchiveColumn {
  return archiveColumns.find((column) => column.name === name)!
}

/** Writes which of the equal parts of time each row was received in; returns the number of rows per part. */
function putGroups(received: Float64Array, groups: number, keys: Uint32Array): number[] {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const at of received) {
    if (at < from) from = at
    if (at > to) to = at
  }
  const sizes = Array.from({ length: groups }, () => 0)
  for (let row = 0; row < keys.length; row++) {
    const group = Math.floor(((received[row]! - from) * groups) / (to + 1 - from))
    keys[row] = group
    sizes[group]!++
  }
  return sizes
}

/** Writes the lower port of each row, and above it whether that is the source port. */
function putServices(
  sources: ArrayLike<number>,
  destinations: ArrayLike<number>,
  keys: Uint32Array,
) {
  for (let row = 0; row < keys.length; row++) {
    const [source, destination] = [sources[row]!, destinations[row]!]
    keys[row] = source < destination ? directionUnit + source : destination
  }
}

/** Splits rows into parts of these sizes, none larger than `most`. */
function cut(rows: Uint32Array, sizes: readonly number[], most: number): GroupRows[] {
  const groups: GroupRows[] = []
  let at = 0
  for (const size of sizes)
    for (const end = at + size; at < end; at += groups.at(-1)!.length)
      groups.push(rows.subarray(at, Math.min(end, at + most)))
  return groups
}
