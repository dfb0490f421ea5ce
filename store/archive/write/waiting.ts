/** Rows waiting to be written: the interval of receipt of each, and their sums. */
import { flowColumns, type ColumnName, type FlowColumns } from '../../../flow/columns.ts'
import { intervalMs, intervalStart } from '../../../flow/interval.ts'
import { columnArrays, type FlowBlock } from '../columns.ts'
import type { ArchiveEntry } from '../entry.ts'
import { arrayOf, type BlockRows } from '../format/column-values.ts'

/** The part of an entry that can be computed from rows. */
export type Summary = Omit<ArchiveEntry, 'file' | 'interval' | 'bytes' | 'isChunk'>

/** Most rows sorted at once: an interval with more has several files, to bound memory. */
export const sortedRowsMax = 245_760

/** Rows for one file. */
export interface Chunk {
  /** The first interval of receipt. */
  interval: number
  parts: BlockRows[]
}

/**
 * The rows of blocks by interval of receipt, ascending and in order: a chunk for every `fileMs` of time, with at most
 * `rowsMax` rows.
 */
export function chunksOf(
  blocks: readonly FlowBlock[],
  { rowsMax = sortedRowsMax, fileMs = intervalMs } = {},
): Chunk[] {
  const files = Map.groupBy(byInterval(blocks), ([interval]) => intervalStart(interval, fileMs))
  return [...files.values()].flatMap((intervals) => {
    const parts = intervals.flatMap(([, rows]) => rows)
    return cut(parts, rowsMax).map((some) => ({ interval: intervalOf(some[0]!), parts: some }))
  })
}

/** Of a part, whose rows were all received in one interval. */
function intervalOf({ block, from }: BlockRows): number {
  const received = arrayOf('collectionTimeMilliseconds', block) as Float64Array | null
  return intervalStart(received?.[from] ?? 0)
}

function cut(parts: readonly BlockRows[], rowsMax: number): BlockRows[][] {
  const chunks: BlockRows[][] = []
  let room = 0
  for (const { block, from: first, to } of parts)
    for (let from = first; from < to;) {
      if (room === 0) {
        chunks.push([])
        room = rowsMax
      }
      const rows = Math.min(room, to - from)
      chunks.at(-1)!.push({ block, from, to: from + rows })
      from += rows
      room -= rows
    }
  return chunks
}

function byInterval(blocks: readonly FlowBlock[]): Map<number, BlockRows[]> {
  const intervals = new Map<number, BlockRows[]>()
  for (const block of blocks) {
    const received = arrayOf('collectionTimeMilliseconds', block) as Float64Array | null
    for (let from = 0; from < block.rows;) {
      const interval = intervalStart(received?.[from] ?? 0)
      const to = received ? endOf(interval, received, from, block.rows) : block.rows
      const rows = intervals.get(interval)
      if (rows) rows.push({ block, from, to })
      else intervals.set(interval, [{ block, from, to }])
      from = to
    }
  }
  return new Map([...intervals].sort(([a], [b]) => a - b))
}

/** The end of the run of rows, starting at `from`, that were received in an interval. */
function endOf(interval: number, received: Float64Array, from: number, rows: number): number {
  let to = from + 1
  while (to < rows && received[to]! >= interval && received[to]! < interval + intervalMs) to++
  return to
}

/** The summary of rows. Sums are exact up to 2^53, and the nearest doubles beyond. */
export function summaryOf(parts: Iterable<BlockRows>): Summary {
  const sum: Summary = {
    rows: 0,
    octets: 0,
    packets: 0,
    receivedFrom: Number.POSITIVE_INFINITY,
    receivedTo: Number.NEGATIVE_INFINITY,
    firstMin: Number.POSITIVE_INFINITY,
    lastMax: Number.NEGATIVE_INFINITY,
  }
  const counts = { octets: new ScaledSum(), packets: new ScaledSum() }
  for (const part of parts) addRows(sum, counts, part)
  return { ...sum, octets: counts.octets.value, packets: counts.packets.value }
}

/** A sum of counts × sampling intervals. */
class ScaledSum {
  /** The part that doubles represent exactly, and the rest. */
  #sum = 0
  #beyond = 0n

  get value(): number {
    return Number(this.#beyond + BigInt(this.#sum))
  }

  add(counts: Float64Array, rates: Uint32Array, { from, to }: Span): void {
    let sum = this.#sum
    for (let i = from; i < to; i++) {
      const next = sum + counts[i]! * rates[i]!
      if (next <= Number.MAX_SAFE_INTEGER) sum = next
      else {
        this.#beyond += BigInt(sum) + BigInt(counts[i]!) * BigInt(rates[i]!)
        sum = 0
      }
    }
    this.#sum = sum
  }
}

/** Whether two sums of the same counts are equal: exactly, as far as doubles are exact. */
export function isSameSum(a: number, b: number): boolean {
  const greater = Math.max(a, b)
  return greater <= Number.MAX_SAFE_INTEGER ? a === b : Math.abs(a - b) <= greater * 1e-9
}

function addRows(
  sum: Summary,
  { octets, packets }: Record<'octets' | 'packets', ScaledSum>,
  { block, from, to }: BlockRows,
): void {
  const column = (name: ColumnName) => arrayOf(name, block) ?? zerosOf(name, to)
  const rates = column('samplingInterval') as Uint32Array
  const span = { from, to }
  octets.add(column('octetDeltaCount') as Float64Array, rates, span)
  packets.add(column('packetDeltaCount') as Float64Array, rates, span)
  addReceived(sum, column('collectionTimeMilliseconds') as Float64Array, span)
  const starts = column('flowStartMilliseconds') as Float64Array
  addTimes(sum, { starts, ends: column('flowEndMilliseconds') as Float64Array }, span)
  sum.rows += to - from
}

/** Rows [from, to). */
type Span = Pick<BlockRows, 'from' | 'to'>

function addReceived(sum: Summary, received: Float64Array, { from, to }: Span): void {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let i = from; i < to; i++) {
    const at = received[i]!
    if (at < least) least = at
    if (at > most) most = at
  }
  sum.receivedFrom = Math.min(sum.receivedFrom, Math.round(least))
  sum.receivedTo = Math.max(sum.receivedTo, Math.round(most))
}

function addTimes(
  sum: Summary,
  { starts, ends }: { starts: Float64Array; ends: Float64Array },
  { from, to }: Span,
): void {
  let least = sum.firstMin
  let lastMax = sum.lastMax
  for (let i = from; i < to; i++) {
    const start = starts[i]!
    const end = ends[i]!
    if (start < least) least = start
    // Rounding extends a flow by at most one ms: most end too early to matter.
    if (end + 1 <= lastMax && start + 1 <= lastMax) continue
    const first = Math.round(start)
    const lasted = Math.round(end - start)
    const last = lasted > 0 ? first + lasted : first
    if (last > lastMax) lastMax = last
  }
  sum.firstMin = Math.round(least)
  sum.lastMax = lastMax
}

/** For columns that are all 0. */
const zeros = new Map<ColumnName, FlowColumns[ColumnName]>()

function zerosOf(name: ColumnName, rows: number): FlowColumns[ColumnName] {
  const held = zeros.get(name)
  if (held && held.length >= rows) return held
  const made = new columnArrays[flowColumns[name].kind](rows)
  zeros.set(name, made)
  return made
}
