/** The order of rows in sorted files: row groups one after the other in time of receipt, and within them what is alike together. */
import { archiveColumns, type ArchiveColumn } from '../columns.ts'
import type { ScratchMemory } from '../scratch-memory.ts'
import { RowOrder } from './row-order.ts'
import type { SourceFiles } from '../read-back/source-files.ts'

/**
 * What flows are sorted by: flows of a service in one direction, with the same flags and as many packets, are alike in
 * most else, so that they take the least room together. Bytes and query time were measured for other orders: see
 * ARCHITECTURE.md.
 */
const lower = { source: 'sourceTransportPort', destination: 'destinationTransportPort' }
const thenBy = ['tcpControlBits', 'packetDeltaCount', 'flowStartMilliseconds']
const receipt = 'collectionTimeMilliseconds'

/**
 * Row groups are of about `usual` rows: each is of a part of a file's time, so that a question of minutes reads few. Where most
 * flows of a file's time came at once, their part is cut into groups of `most`.
 */
export interface GroupBounds {
  usual: number
  most: number
}

const usualBounds: GroupBounds = { usual: 98_304, most: 1 << 18 }

/** The rows of a row group, in their order. */
export type GroupRows = Uint32Array

/** Above the lower port stands whether it is the source's, and above that the row group. */
const [directionUnit, groupUnit] = [2 ** 16, 2 ** 17]

const order = new RowOrder()

/** The rows of the row groups of a file, good until the next is begun. Those that are alike in all that they are sorted by stay in the order of the files. */
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
  const sizes = putGroups(await read(receipt), Math.max(1, Math.round(rows / usual)), keys)
  const sources = await source.read(columnOf(lower.source), scratch.of('third', 2 * rows))
  addPorts(keys, sources, await read(lower.destination))
  order.sortBy(keys)
  return cut(order.rows, sizes, most)
}

function columnOf(name: string): ArchiveColumn {
  return archiveColumns.find((column) => column.name === name)!
}

/** Puts in which of so many equal parts of the time each was received; gives how many rows each part has. */
function putGroups(received: Float64Array, groups: number, keys: Uint32Array): number[] {
  let [from, to] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const at of received) {
    if (at < from) from = at
    if (at > to) to = at
  }
  const sizes = Array.from({ length: groups }, () => 0)
  for (let row = 0; row < keys.length; row++) {
    const group = Math.floor(((received[row]! - from) * groups) / (to + 1 - from))
    keys[row] = group * groupUnit
    sizes[group]!++
  }
  return sizes
}

function addPorts(keys: Uint32Array, sources: ArrayLike<number>, destinations: ArrayLike<number>) {
  for (let row = 0; row < keys.length; row++) {
    const [source, destination] = [sources[row]!, destinations[row]!]
    keys[row]! += source < destination ? directionUnit + source : destination
  }
}

/** Rows in pieces of these sizes, none greater than `most`. */
function cut(rows: Uint32Array, sizes: readonly number[], most: number): GroupRows[] {
  const groups: GroupRows[] = []
  let at = 0
  for (const size of sizes)
    for (const end = at + size; at < end; at += groups.at(-1)!.length)
      groups.push(rows.subarray(at, Math.min(end, at + most)))
  return groups
}
