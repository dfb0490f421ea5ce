/**
 * A bounded cache of what row groups, by name, hold for a question; the question used least recently
 * is dropped first. It outlasts the footers that a reader knows, so it must not refer to them.
 */
interface OfQuestion<Kept> {
  byGroup: Map<string, Kept>
  bytes: number
}

export class KeptByGroup<Kept> {
  readonly #bytesMax: number
  /** By question, least recently used first. */
  readonly #kept = new Map<string, OfQuestion<Kept>>()
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** The size of everything kept. */
  get bytes(): number {
    return this.#bytes
  }

  /** What is kept of a row group for a question, which is now the one used last. */
  get(question: string, group: string): Kept | undefined {
    return this.#touch(question).byGroup.get(group)
  }

  /** Keeps it, if there is room for so many bytes. */
  set(question: string, group: string, kept: Kept, bytes: number): boolean {
    const { byGroup } = this.#touch(question)
    const isRoom = this.reserve(question, bytes)
    if (isRoom) byGroup.set(group, kept)
    return isRoom
  }

  /** Drops other questions until there is room for the one used last; tells whether there is. */
  reserve(question: string, bytes: number): boolean {
    for (const [other, { bytes: freed }] of this.#kept) {
      if (this.#bytes + bytes <= this.#bytesMax || other === question) break
      this.#kept.delete(other)
      this.#bytes -= freed
    }
    if (this.#bytes + bytes > this.#bytesMax) return false
    this.#bytes += bytes
    this.#kept.get(question)!.bytes += bytes
    return true
  }

  #touch(question: string): OfQuestion<Kept> {
    const ofQuestion = this.#kept.get(question) ?? {
      byGroup: new Map<string, Kept>(),
      bytes: 0,
    }
    this.#kept.delete(question)
    this.#kept.set(question, ofQuestion)
    return ofQuestion
  }
}
