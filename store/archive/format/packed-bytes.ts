/** Packed numbers as bytes, and the rows for which they are unpacked. */

/** Up to this many bytes after the packed ones are read and ignored. */
export const beyondBytes = 16

/** Reads the bytes one after the other. @throws RangeError if they end too early */
export class Bytes {
  readonly view: DataView
  readonly length: number
  at = 0

  constructor({ buffer, byteOffset, length }: Buffer) {
    this.view = new DataView(buffer, byteOffset)
    this.length = length
  }

  byte(): number {
    if (this.at >= this.length) throw new RangeError('packed values end too early')
    return this.view.getUint8(this.at++)
  }

  /** An integer that fits in a double. */
  varint(): number {
    let [value, scale] = [0, 1]
    for (;;) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 0x80
    }
  }

  wideVarint(): bigint {
    let [value, shift] = [0n, 0n]
    for (;;) {
      const byte = this.byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
      shift += 7n
    }
  }

  /** Skips this many bytes; returns where they begin. */
  pass(count: number): number {
    const from = this.at
    this.at += count
    if (this.at > this.length) throw new RangeError('packed values end too early')
    return from
  }
}

/** Rows [from, to) of a column. */
export interface RowRange {
  from: number
  to: number
}

/** The requested rows: a range or, if they are few within it, a list in ascending order. */
export interface RowsWithin extends RowRange {
  few: Int32Array | null
}
