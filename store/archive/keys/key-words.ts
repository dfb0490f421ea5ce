/** The key words of flows, a block of rows at a time. */
import type { NetworkSet } from '../../../flow/address.ts'
import type { FlowColumns } from '../../../flow/columns.ts'
import { fillKeyColumn, type KeyColumn } from './key-columns.ts'

/** Rows per block: as many as stay in the first-level cache. */
const blockRows = 4096

export class KeyWords {
  readonly #local: NetworkSet
  readonly #words: Uint32Array
  readonly #width: number

  /** For keys of this many words. */
  constructor(width: number, local: NetworkSet) {
    this.#width = width
    this.#local = local
    this.#words = new Uint32Array(blockRows * width)
  }

  /** Passes on the key words of rows block by block, those of the nth at n × width; `from` is the block's first. */
  forEach(
    {
      flows,
      rows,
      columns,
    }: { flows: FlowColumns; rows: Int32Array; columns: readonly KeyColumn[] },
    take: (words: Uint32Array, block: Int32Array, from: number) => void,
  ): void {
    const [words, width, local] = [this.#words, this.#width, this.#local]
    for (let from = 0; from < rows.length; from += blockRows) {
      const block = rows.subarray(from, Math.min(from + blockRows, rows.length))
      columns.forEach((column, i) =>
        fillKeyColumn(column, flows, { rows: block, local }, { words, width, at: 2 * i }),
      )
      take(words, block, from)
    }
  }
}
