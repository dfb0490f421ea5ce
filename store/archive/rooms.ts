/**
 * Memory that is used again from file to file: made anew for each it would be garbage, and have that collected all the time.
 * What sorts has three rooms of 8 bytes a row.
 */
export class Rooms<Use extends string = 'first' | 'second' | 'third'> {
  readonly #rooms = new Map<Use, ArrayBuffer>()

  /** At least so many bytes, in which anything may stand; for one use at a time. */
  of(use: Use, bytes: number): ArrayBuffer {
    const held = this.#rooms.get(use)
    if (held && held.byteLength >= bytes) return held
    const made = new ArrayBuffer(bytes)
    this.#rooms.set(use, made)
    return made
  }
}
