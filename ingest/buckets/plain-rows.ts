/**
 * Rows of one exporter that lie wholly in one interval, which are most, told apart from all others without a branch: which way it goes
 * no processor could foresee where flows lie at the edge of an interval.
 */
import type { FlowColumns } from '../../flow/columns.ts'
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import { isUniform } from '../../store/archive/columns.ts'

export class PlainRows {
  #plain = new Int32Array(0)
  #others = new Int32Array(0)

  /**
   * Tells rows apart; those of another interval than most, of several intervals, or before `oldestMs`, and those that began more than
   * `flowMaxMs` before their receipt are among the others. Where exporters are mixed all are. The lists are good until the next call;
   * `interval` (unix ms) is that of the plain ones.
   */
  tellApart(
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

/** Whether a row, which is not the first, is of the exporter of the row before it. Without branches: it is asked for each. */
export function isSameExporter(high: Uint32Array, low: Uint32Array, i: number): boolean {
  const at = 2 * i
  const lower = (low[at]! ^ low[at - 2]!) | (low[at + 1]! ^ low[at - 1]!)
  return (lower | (high[at]! ^ high[at - 2]!) | (high[at + 1]! ^ high[at - 1]!)) === 0
}

function hasOneExporter({ exporterAddressHigh, exporterAddressLow, count }: FlowColumns): boolean {
  return isSame(exporterAddressLow, count) && isSame(exporterAddressHigh, count)
}

/** Whether all rows have the same of a column of halves of addresses. */
function isSame({ buffer, byteOffset, BYTES_PER_ELEMENT }: Uint32Array, rows: number): boolean {
  const width = 2 * BYTES_PER_ELEMENT
  return isUniform(new Uint8Array(buffer, byteOffset, rows * width), width)
}
