/**
 * Rows for the archive's thread are in reusable memory that both threads share: allocated per
 * block, it kept the garbage collector busy. Blocks too small or too large for that are copied.
 */
import type { FlowColumns } from '../../../flow/columns.ts'
import { blockOf, type FlowBlock } from '../columns.ts'

/** Rows of a shared block: what the pipeline gathers, plus one datagram. */
const rowsMin = 8192
const rowsMax = 16_384 + 1024
/** Most bytes shared; blocks beyond that are copies, freed once written. */
const bytesMax = 20 << 20

/**
 * A block as sent: shared memory by number, because transferring some twenty buffers per block took
 * as long as copying the rows.
 */
export interface SentBlock {
  rows: number
  columns: (ArrayBuffer | number | null)[]
  /** New shared memory, numbered after what was sent before. */
  made: SharedArrayBuffer[]
}

/** Shared memory, by bytes per row. */
export class BlockPool {
  readonly #free = new Map<number, SharedArrayBuffer[]>()
  readonly #numbers = new Map<SharedArrayBuffer, number>()
  #made: SharedArrayBuffer[] = []
  #bytes = 0

  /** Copies the rows of `flows` for another thread; `takeBack` reclaims the copy when that is done. */
  blockOf(flows: FlowColumns): FlowBlock {
    const isShared = flows.count >= rowsMin && flows.count <= rowsMax
    return blockOf(flows, isShared ? (rowBytes) => this.#room(rowBytes) : undefined)
  }

  /** The form of a block that is sent to the thread; every block must be sent, in order of creation. */
  sent({ rows, columns }: FlowBlock): SentBlock {
    const made = this.#made
    this.#made = []
    return {
      rows,
      columns: columns.map((column) =>
        column instanceof SharedArrayBuffer ? this.#numbers.get(column)! : column,
      ),
      made,
    }
  }

  takeBack({ columns }: FlowBlock): void {
    for (const column of columns)
      if (column instanceof SharedArrayBuffer)
        this.#free.get(column.byteLength / rowsMax)!.push(column)
  }

  #room(rowBytes: number): SharedArrayBuffer | null {
    let free = this.#free.get(rowBytes)
    if (!free) this.#free.set(rowBytes, (free = []))
    const held = free.pop()
    if (held) return held
    if (this.#bytes + rowBytes * rowsMax > bytesMax) return null
    this.#bytes += rowBytes * rowsMax
    const made = new SharedArrayBuffer(rowBytes * rowsMax)
    this.#numbers.set(made, this.#numbers.size)
    this.#made.push(made)
    return made
  }
}

/** In the writing thread: the shared memory it received, by number. */
export class SharedBlocks {
  readonly #buffers: SharedArrayBuffer[] = []

  /** The block that was sent. */
  blockOf({ rows, columns, made }: SentBlock): FlowBlock {
    this.#buffers.push(...made)
    return {
      rows,
      columns: columns.map((column) =>
        typeof column === 'number' ? this.#buffers[column]! : column,
      ),
    }
  }
}
