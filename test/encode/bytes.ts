/** A growing buffer of big-endian values, for the encoders. */
export class ByteWriter {
  #bytes = new Uint8Array(256)
  #length = 0

  get length(): number {
    return this.#length
  }

  #grow(count: number): number {
    const at = this.#length
    this.#length += count
    if (this.#length > this.#bytes.length) {
      const bytes = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length))
      bytes.set(this.#bytes)
      this.#bytes = bytes
    }
    return at
  }

  /** A whole number in `length` bytes; of larger ones the low bytes. Numbers above 2^53 as bigint. */
  unsigned(value: number | bigint, length: number): this {
    if (typeof value === 'number') {
      if (length <= 4) return this.#word(value, length)
      // BigInt for each octetDeltaCount took most of the time in which packets are metered.
      if (length <= 8 && Number.isSafeInteger(value) && value >= 0)
        return this.#word(Math.floor(value / 2 ** 32), length - 4).#word(value, 4)
    }
    const at = this.#grow(length)
    let rest = BigInt(value)
    for (let i = length - 1; i >= 0; i--) {
      this.#bytes[at + i] = Number(rest & 255n)
      rest >>= 8n
    }
    return this
  }

  /** The low bytes, at most 4. */
  #word(value: number, length: number): this {
    const at = this.#grow(length)
    for (let i = 0; i < length; i++) this.#bytes[at + i] = value >>> (8 * (length - 1 - i))
    return this
  }

  bytes(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length)
    this.#bytes.set(bytes, at)
    return this
  }

  zeros(count: number): this {
    // Beyond what was written the buffer is zero.
    this.#grow(count)
    return this
  }

  /** Overwrites a 16-bit number written earlier. */
  setUint16(at: number, value: number): void {
    this.#bytes[at] = (value >>> 8) & 255
    this.#bytes[at + 1] = value & 255
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length)
  }
}
