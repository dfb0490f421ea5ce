/** The addresses of flows' exporters as text. */
import { addressAt } from '../../flow/address.ts'
import type { FlowColumns } from '../../flow/columns.ts'

export class ExporterText {
  readonly #words = new Uint32Array(4).fill(0xffffffff)
  #text = ''

  /** That of row i. Flows of one exporter come together, so the text of the last one mostly serves. */
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
