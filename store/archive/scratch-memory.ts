/**
 * Memory that is reused file after file. Allocated anew each time, it would be garbage that V8
 * collects constantly.
 */

/** One buffer per use. The default three are those of sorting, 8 bytes per row each. */
export class ScratchMemory<Use extends string = 'first' | 'second' | 'third'> {
  readonly #buffers = new Map<Use, ArrayBuffer>()

  /** A buffer of at least this many bytes, contents unspecified. The next call for this use may return it again. */
  of(use: Use, bytes: number): ArrayBuffer {
    const held = this.#buffers.get(use)
    if (held && held.byteLength >= bytes) return held
    const made = new ArrayBuffer(bytes)
    this.#buffers.set(use, made)
    return made
  }
}
