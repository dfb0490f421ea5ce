/**
 * Rows of one exporter that lie wholly in one interval, which are most, told apart from all others without a branch: which way it goes
 * no processor could foresee where flows lie at the edge of an interval.
 */
import type { FlowColumns } from '../../flow/columns.ts'
import { intervalMs, intervalStart } from '../../flow/interval.ts'
import { isUniform } from '../../store/archive/columns.ts'

export class PlainRows {
  /** The interval of the plain ones, unix ms. */
  interval = 0
  #plain = new Int32Array(0)
  #others = new Int32Array(0)
  #plainCount = 0
  #othersCount = 0

  /**
   * Tells rows apart; those of another interval than most, of several intervals, or before `oldestMs`, and those that began more than
   * `flowMaxMs` before their receipt are among the others. Where exporters are mixed all are.
   */
  tellApart(
    flows: FlowColumns,
    { flowMaxMs, oldestMs }: { flowMaxMs: number; oldestMs: number },
  ): void {
    const { flowStartMilliseconds, flowEndMilliseconds, collectionTimeMilliseconds } = flows
    const { count } = flows
    if (this.#plain.length < count) {
      this.#plain = new Int32Array(count)
      this.#others = new Int32Array(count)
    }
    const [plain, others] = [this.#plain, this.#others]
    this.interval = intervalStart(flowStartMilliseconds[count >> 1]!)
    const isOfOne = hasOneExporter(flows)
    const from = isOfOne ? Math.max(this.interval, oldestMs) : Number.POSITIVE_INFINITY
    const to = this.interval + intervalMs
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
    this.#plainCount = plainCount
    this.#othersCount = count - plainCount
  }

  /** Good until rows are told apart again. */
  get plain(): Int32Array {
    return this.#plain.subarray(0, this.#plainCount)
  }

  get others(): Int32Array {
    return this.#others.subarray(0, this.#othersCount)
  }
}

function hasOneExporter({ exporterAddressHigh, exporterAddressLow, count }: FlowColumns): boolean {
  return isSame(exporterAddressLow, count) && isSame(exporterAddressHigh, count)
}

/** Whether all rows have the same of a column of halves of addresses. */
function isSame({ buffer, byteOffset, BYTES_PER_ELEMENT }: Uint32Array, rows: number): boolean {
  const width = 2 * BYTES_PER_ELEMENT
  return isUniform(new Uint8Array(buffer, byteOffset, rows * width), width)
}
