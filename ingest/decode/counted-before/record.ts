/** One record of a data set, as its steps have read it. */
import type { FlowColumns } from '../../../flow/columns.ts'
import { flowKey } from '../flow-key.ts'

const countColumns = ['octetDeltaCount', 'packetDeltaCount'] as const
/** Octets and packets, then those of the other direction. */
export const countsPerRecord = 2 * countColumns.length

/** A single object, moved from record to record. */
export class RecordAtHand {
  /** Which one of its data set it is, from 0. */
  index = 0
  #row = 0
  #flows: FlowColumns | null = null
  #reverse: FlowColumns | null = null

  /** Takes a data set; `reverse` has the other direction, null if records have none. */
  begin(flows: FlowColumns, reverse: FlowColumns | null): void {
    this.#flows = flows
    this.#reverse = reverse
  }

  moveTo(row: number, index: number): void {
    this.#row = row
    this.index = index
  }

  get startMs(): number {
    return this.#flows!.flowStartMilliseconds[this.#row]!
  }

  /** It counts what came after this time: its own start is the connection's. */
  beginAt(ms: number): void {
    if (ms > this.startMs && ms < this.endMs) this.#flows!.flowStartMilliseconds[this.#row] = ms
  }

  get endMs(): number {
    return this.#flows!.flowEndMilliseconds[this.#row]!
  }

  get flowEndReason(): number {
    return this.#flows!.flowEndReason[this.#row]!
  }

  get tcpControlBits(): number {
    return this.#flows!.tcpControlBits[this.#row]!
  }

  /** Its counts, in the order of countsPerRecord. */
  get counts(): number[] {
    return [this.#count(0), this.#count(1), this.#count(2), this.#count(3)]
  }

  /** Takes away what counted before. */
  subtract(counted: readonly number[]): void {
    for (let i = 0; i < countsPerRecord; i++)
      this.#setCount(i, Math.max(0, this.#count(i) - counted[i]!))
  }

  /** Whether it counts no less than that. */
  isAtLeast(counts: readonly number[]): boolean {
    return counts.every((count, i) => count <= this.#count(i))
  }

  #count(i: number): number {
    const name = countColumns[i % countColumns.length]!
    if (i < countColumns.length) return this.#flows![name][this.#row]!
    return this.#reverse === null ? 0 : this.#reverse[name][this.index]!
  }

  #setCount(i: number, count: number): void {
    const name = countColumns[i % countColumns.length]!
    if (i < countColumns.length) this.#flows![name][this.#row] = count
    else if (this.#reverse !== null) this.#reverse[name][this.index] = count
  }

  /** A key of its flow: see flowKey. */
  key(seed: number): number {
    return flowKey(this.#flows!, this.#row, seed)
  }
}
