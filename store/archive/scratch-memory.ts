/**
 * Memory for work that is done again and again, file after file. Allocated anew each time it would be garbage, and
 * have V8 collect all the time.
 */

/** One buffer for each use. The default three are those of sorting, 8 bytes a row each. */
export class ScratchMemory<Use extends string = 'first' | 'second' | 'third'> {
  readonly #buffers = new Map<Use, ArrayBuffer>()

  /** A buffer of at least this many bytes, with unspecified contents. The next call for the same use may give it again. */
  of(use: Use, bytes: number): ArrayBuffer {
    const held = this.#buffers.get(use)
    if (held && held.byteLength >= bytes) return held
    const made = new ArrayBuffer(bytes)
    this.#buffers.set(use, made)
    return made
  }
}
