/** Exporter addresses of flows as text. */
import { addressAt } from '../../flow/address.ts'
import type { FlowColumns } from '../../flow/columns.ts'

export class ExporterText {
  readonly #words = new Uint32Array(4).fill(0xffffffff)
  #text = ''

  /** The exporter of row i. An exporter's flows arrive together, so the last text usually serves. */
  at({ exporterAddressHigh: high, exporterAddressLow: low }: FlowColumns, i: number): string {
    const words = this.#words
    if (
      words[3] !== low[2 * i] ||
      words[2] !== low[2 * i + 1] ||
      words[1] !== high[2 * i] ||
      words[0] !== high[2 * i + 1]
    ) {
      words[0] = high[2 * i + 1]!
      words[1] = high[2 * i]!
      words[2] = low[2 * i + 1]!
      words[3] = low[2 * i]!
      this.#text = addressAt(high, low, i)
    }
    return this.#text
  }
}
