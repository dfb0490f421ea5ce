/** Values computed from several columns: counts scaled by sampling, durations and rates. */
import type { FlowColumns } from '../columns.ts'
import type { Range } from '../filter.ts'
import type { MeasureName } from './fields.ts'

/** A count scaled by sampling, capped at 2^53 − 1. */
function scaled(count: number, interval: number): number {
  return interval === 1 ? count : Math.min(count * interval, Number.MAX_SAFE_INTEGER)
}

/** A row's bytes, scaled by sampling. */
export function bytesOf(flows: FlowColumns, row: number): number {
  return scaled(flows.octetDeltaCount[row]!, flows.samplingInterval[row]!)
}

/** A row's packets, scaled by sampling. */
export function packetsOf(flows: FlowColumns, row: number): number {
  return scaled(flows.packetDeltaCount[row]!, flows.samplingInterval[row]!)
}

function durationOf(flows: FlowColumns, row: number): number {
  return Math.max(0, flows.flowEndMilliseconds[row]! - flows.flowStartMilliseconds[row]!)
}

/** Rates a × `factor` ÷ b, as in nfdump: integers, rounded down, and 0 if b is 0. */
export const rates = {
  bps: { factor: 8000, over: 'duration', count: 'bytes' },
  pps: { factor: 1000, over: 'duration', count: 'packets' },
  bpp: { factor: 1, over: 'packets', count: 'bytes' },
} as const

const isIn = (value: number, [least, most]: Range) => value >= least && value <= most

/** Whether a row's value is in a range, exactly. */
export const measureWithin: Record<
  MeasureName,
  (flows: FlowColumns, row: number, range: Range) => boolean
> = {
  bytes: (flows, row, range) => isIn(bytesOf(flows, row), range),
  packets: (flows, row, range) => isIn(packetsOf(flows, row), range),
  duration: (flows, row, range) => isIn(durationOf(flows, row), range),
  bps: (flows, row, range) =>
    isQuotientIn({ count: bytesOf(flows, row), factor: 8000, by: durationOf(flows, row) }, range),
  pps: (flows, row, range) =>
    isQuotientIn({ count: packetsOf(flows, row), factor: 1000, by: durationOf(flows, row) }, range),
  bpp: (flows, row, range) =>
    isQuotientIn({ count: bytesOf(flows, row), factor: 1, by: packetsOf(flows, row) }, range),
}

/** floor(count × factor ÷ by) in [least, most], by multiplication, so that nothing is rounded. */
function isQuotientIn(
  { count, factor, by }: { count: number; factor: number; by: number },
  [least, most]: Range,
): boolean {
  if (by === 0) return least === 0
  const above = most + 1
  const product = count * factor
  const [lower, upper] = [least * by, above * by]
  const isExact = (value: number) => value <= Number.MAX_SAFE_INTEGER
  if (isExact(product) && isExact(lower) && (isExact(upper) || most === Number.POSITIVE_INFINITY))
    return product >= lower && product < upper
  const wide = BigInt(count) * BigInt(factor)
  const isBelow = most === Number.POSITIVE_INFINITY || wide < BigInt(above) * BigInt(by)
  return wide >= BigInt(least) * BigInt(by) && isBelow
}

/** The most used measures have loops of their own. */
export const countTests = {
  bytes: (range: Range) => (flows: FlowColumns, rows: number, out: Uint8Array) =>
    countsWithin(flows.octetDeltaCount, range, { flows, rows, out }),
  packets: (range: Range) => (flows: FlowColumns, rows: number, out: Uint8Array) =>
    countsWithin(flows.packetDeltaCount, range, { flows, rows, out }),
  duration:
    ([least, most]: Range) =>
    (flows: FlowColumns, rows: number, out: Uint8Array) => {
      const [starts, ends] = [flows.flowStartMilliseconds, flows.flowEndMilliseconds]
      for (let i = 0; i < rows; i++) {
        const durationMs = Math.max(0, ends[i]! - starts[i]!)
        out[i] = durationMs >= least && durationMs <= most ? 1 : 0
      }
    },
}

function countsWithin(
  counts: Float64Array,
  [least, most]: Range,
  { flows, rows, out }: { flows: FlowColumns; rows: number; out: Uint8Array },
): void {
  const intervals = flows.samplingInterval
  for (let i = 0; i < rows; i++) {
    const count = Math.min(counts[i]! * intervals[i]!, Number.MAX_SAFE_INTEGER)
    out[i] = count >= least && count <= most ? 1 : 0
  }
}
