/**
 * Rows on their way to the archive's thread lie in memory that both threads share and that is used again: made anew for
 * each block it had the collector of garbage run all the time. What is too little for that, or too much, is copied.
 */
import type { FlowColumns } from '../../../flow/columns.ts'
import { blockOf, type FlowBlock } from '../columns.ts'

/** Rows of a block that is shared: what the pipeline gathers, and a datagram more. */
const rowsMin = 8192
const rowsMax = 16_384 + 1024
/** Bytes shared in all; blocks beyond that are copies, which go when they are written. */
const bytesMax = 20 << 20

/**
 * A block as it is sent: shared memory by its number, since to hand over the memory itself for each of some twenty columns took as
 * long as copying the rows.
 */
export interface SentBlock {
  rows: number
  columns: (ArrayBuffer | number | null)[]
  /** Memory that is new, numbered on from what was sent before. */
  made: SharedArrayBuffer[]
}

/** Shared memory by the bytes that a row takes. */
export class BlockPool {
  readonly #free = new Map<number, SharedArrayBuffer[]>()
  readonly #numbers = new Map<SharedArrayBuffer, number>()
  #made: SharedArrayBuffer[] = []
  #bytes = 0

  /** A copy of the rows of `flows`, to be handed to another thread, and taken back by `takeBack` when that is done with it. */
  blockOf(flows: FlowColumns): FlowBlock {
    const isShared = flows.count >= rowsMin && flows.count <= rowsMax
    return blockOf(flows, isShared ? (rowBytes) => this.#room(rowBytes) : undefined)
  }

  /** What the thread is sent of a block; each is to be sent, in the order in which they were made. */
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

/** In the thread that writes: the shared memory that it was sent, by number. */
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
