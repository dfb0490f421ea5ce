/**
 * Datagrams on their way from the receiving thread to the decoding thread: many per buffer, and the
 * buffers are shared by both threads and reused. Transferring them back and forth instead triggered
 * the garbage collector in both threads.
 */
import type { AddressWords } from '../../flow/address.ts'

/** Bytes per buffer: some 300 datagrams of usual size, and more than the largest datagram. */
export const batchBytes = 512 << 10
/** Payload length (u32), source port (u16) and padding, receive time (f64), source (four words). */
const headerBytes = 32

/** A batch as read. */
interface Batch {
  buffer: ArrayBuffer | SharedArrayBuffer
  /** Bytes used. */
  used: number
}

/** Where a datagram came from, and when. */
interface BatchedReceipt {
  source: AddressWords
  sourcePort: number
  receivedMs: number
}

/** A datagram to append to a batch. */
export interface BatchedDatagram extends BatchedReceipt {
  payload: Uint8Array
}

/** A datagram in a batch, at [offset, offset + length) of the view. A single object, reused for each. */
export interface DatagramInBatch extends BatchedReceipt {
  view: DataView
  offset: number
  length: number
}

/** Fills buffers with datagrams. */
export class BatchWriter {
  used = 0
  readonly buffer: ArrayBuffer | SharedArrayBuffer
  readonly #view: DataView
  readonly #bytes: Uint8Array

  constructor(buffer: ArrayBuffer | SharedArrayBuffer) {
    this.buffer = buffer
    this.#view = new DataView(buffer)
    this.#bytes = new Uint8Array(buffer)
  }

  /** Appends a datagram; false if it no longer fits. */
  append({ payload, source, sourcePort, receivedMs }: BatchedDatagram): boolean {
    const at = this.used
    const end = at + headerBytes + payload.length
    if (end > this.buffer.byteLength) return false
    const view = this.#view
    view.setUint32(at, payload.length, true)
    view.setUint16(at + 4, sourcePort, true)
    view.setFloat64(at + 8, receivedMs, true)
    for (let word = 0; word < 4; word++) view.setUint32(at + 16 + 4 * word, source[word]!, true)
    this.#bytes.set(payload, at + headerBytes)
    this.used = end
    return true
  }
}

/** Calls `visit` with each datagram of a batch, in order. */
export function forEachDatagram(batch: Batch, visit: (datagram: DatagramInBatch) => void): void {
  const view = new DataView(batch.buffer)
  const source: [number, number, number, number] = [0, 0, 0, 0]
  const datagram = { view, offset: 0, length: 0, source, sourcePort: 0, receivedMs: 0 }
  for (let at = 0; at < batch.used; at = datagram.offset + datagram.length) {
    datagram.offset = at + headerBytes
    datagram.length = view.getUint32(at, true)
    datagram.sourcePort = view.getUint16(at + 4, true)
    datagram.receivedMs = view.getFloat64(at + 8, true)
    for (let word = 0; word < 4; word++) source[word] = view.getUint32(at + 16 + 4 * word, true)
    visit(datagram)
  }
}
