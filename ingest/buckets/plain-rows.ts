/**
 * Separates rows of one exporter that lie within one interval, which are most, from all others. It
 * does so without branches, which would be unpredictable at the edge of an interval.
 */
import type { FlowColumns } from '../../flow/columns.ts'
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import { isUniform } from '../../store/archive/columns.ts'

export class PlainRows {
  #plain = new Int32Array(0)
  #others = new Int32Array(0)

  /**
   * Separates rows. Others are those outside the common interval, those that span several or began
   * before `oldestMs`, and those that began more than `flowMaxMs` before they were received; with
   * several exporters, all rows. The lists are valid until the next call; `interval` (unix ms) is
   * that of the plain rows.
   */
  separate(
    flows: FlowColumns,
    { flowMaxMs, oldestMs }: { flowMaxMs: number; oldestMs: number },
  ): { interval: number; plain: Int32Array; others: Int32Array } {
    const { flowStartMilliseconds, flowEndMilliseconds, collectionTimeMilliseconds } = flows
    const { count } = flows
    if (this.#plain.length < count) {
      this.#plain = new Int32Array(count)
      this.#others = new Int32Array(count)
    }
    const [plain, others] = [this.#plain, this.#others]
    const interval = intervalStart(flowStartMilliseconds[count >> 1]!)
    const isOfOne = hasOneExporter(flows)
    const from = isOfOne ? Math.max(interval, oldestMs) : Number.POSITIVE_INFINITY
    const to = interval + intervalMs
    let plainCount = 0
    for (let i = 0; i < count; i++) {
      const first = flowStartMilliseconds[i]!
      const isPlain =
        Number(first >= from) &
        Number(first < to) &
        Number(flowEndMilliseconds[i]! <= to) &
        Number(collectionTimeMilliseconds[i]! - first <= flowMaxMs)
      plain[plainCount] = i
      others[i - plainCount] = i
      plainCount += isPlain
    }
    return {
      interval,
      plain: plain.subarray(0, plainCount),
      others: others.subarray(0, count - plainCount),
    }
  }
}

/**
 * Whether row i (not the first) has the exporter of the row before it. Without branches, because it
 * runs for every row.
 */
export function isSameExporter(high: Uint32Array, low: Uint32Array, i: number): boolean {
  const at = 2 * i
  const lower = (low[at]! ^ low[at - 2]!) | (low[at + 1]! ^ low[at - 1]!)
  return (lower | (high[at]! ^ high[at - 2]!) | (high[at + 1]! ^ high[at - 1]!)) === 0
}

function hasOneExporter({ exporterAddressHigh, exporterAddressLow, count }: FlowColumns): boolean {
  return isSame(exporterAddressLow, count) && isSame(exporterAddressHigh, count)
}

/** Whether all rows have the same value in a column of address halves. */
function isSame({ buffer, byteOffset, BYTES_PER_ELEMENT }: Uint32Array, rows: number): boolean {
  const width = 2 * BYTES_PER_ELEMENT
  return isUniform(new Uint8Array(buffer, byteOffset, rows * width), width)
}
