/** Rows that wait to be written: which interval of receipt each belongs to, and their sums. */
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import type { FlowBlock } from './columns.ts'
import type { ArchiveEntry } from './entry.ts'
import { arrayOf, type BlockRows } from './values.ts'

/** Everything of an entry that can be counted. */
export type Summary = Omit<ArchiveEntry, 'file' | 'interval' | 'bytes' | 'isChunk'>

/** The rows of blocks by the interval in which they were received, ascending; in order within each. */
export function byInterval(blocks: readonly FlowBlock[]): Map<number, BlockRows[]> {
  const intervals = new Map<number, BlockRows[]>()
  for (const block of blocks) {
    const received = arrayOf('collectionTimeMilliseconds', block)
    for (let from = 0; from < block.rows;) {
      const interval = intervalStart(received?.[from] ?? 0)
      let to = received ? from + 1 : block.rows
      while (
        to < block.rows &&
        received![to]! >= interval &&
        received![to]! < interval + intervalMs
      )
        to++
      const rows = intervals.get(interval)
      if (rows) rows.push({ block, from, to })
      else intervals.set(interval, [{ block, from, to }])
      from = to
    }
  }
  return new Map([...intervals].sort(([a], [b]) => a - b))
}

/** What is counted of rows. Sums are exact up to 2^53. */
export function summaryOf(parts: readonly BlockRows[]): Summary {
  const sum: Summary = {
    rows: 0,
    octets: 0,
    packets: 0,
    receivedFrom: Number.POSITIVE_INFINITY,
    receivedTo: Number.NEGATIVE_INFINITY,
    firstMin: Number.POSITIVE_INFINITY,
    lastMax: Number.NEGATIVE_INFINITY,
  }
  for (const part of parts) addRows(sum, part)
  return sum
}

/** Whether two sums of the same counts are equal: exactly, up to where doubles are exact. */
export function isSameSum(a: number, b: number): boolean {
  const greater = Math.max(a, b)
  return greater <= Number.MAX_SAFE_INTEGER ? a === b : Math.abs(a - b) <= greater * 1e-9
}

/** Whether two summaries are of the same rows. */
export function isSameSummary(a: Summary, b: Summary): boolean {
  return (Object.keys(a) as (keyof Summary)[]).every((name) => isSameSum(a[name], b[name]))
}

function addRows(sum: Summary, { block, from, to }: BlockRows): void {
  const rates = arrayOf('samplingInterval', block)
  const octets = arrayOf('octetDeltaCount', block)
  const packets = arrayOf('packetDeltaCount', block)
  const received = arrayOf('collectionTimeMilliseconds', block)
  const starts = arrayOf('flowStartMilliseconds', block)
  const ends = arrayOf('flowEndMilliseconds', block)
  for (let i = from; i < to; i++) {
    const rate = rates?.[i] ?? 0
    sum.octets += (octets?.[i] ?? 0) * rate
    sum.packets += (packets?.[i] ?? 0) * rate
    const at = Math.round(received?.[i] ?? 0)
    const start = starts?.[i] ?? 0
    const first = Math.round(start)
    const last = first + Math.max(0, Math.round((ends?.[i] ?? 0) - start))
    if (at < sum.receivedFrom) sum.receivedFrom = at
    if (at > sum.receivedTo) sum.receivedTo = at
    if (first < sum.firstMin) sum.firstMin = first
    if (last > sum.lastMax) sum.lastMax = last
  }
  sum.rows += to - from
}
