/**
 * A bounded cache of what row groups, by name, hold for a question; the question used least recently
 * is dropped first. It outlasts the footers that a reader knows, so it must not refer to them.
 */
interface OfQuestion<Kept> {
  byGroup: Map<string, Kept>
  bytes: number
}

/** What a question takes beside its text. */
const overheadBytes = 200

export class KeptByGroup<Kept> {
  readonly #bytesMax: number
  /** By question, least recently used first; only those of which something is kept. */
  readonly #kept = new Map<string, OfQuestion<Kept>>()
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** The size of everything kept, with the questions. */
  get bytes(): number {
    return this.#bytes
  }

  /** What is kept of a row group for a question, which is now the one used last. */
  get(question: string, group: string): Kept | undefined {
    const ofQuestion = this.#kept.get(question)
    if (ofQuestion) this.#putLast(question, ofQuestion)
    return ofQuestion?.byGroup.get(group)
  }

  /** Keeps it, if there is room for so many bytes; the question is now the one used last. */
  set(question: string, group: string, kept: Kept, bytes: number): boolean {
    const before = this.#kept.get(question)
    const ofQuestion = before ?? { byGroup: new Map<string, Kept>(), bytes: 0 }
    this.#putLast(question, ofQuestion)
    const isRoom = this.reserve(question, before ? bytes : bytes + textBytes(question))
    if (isRoom) ofQuestion.byGroup.set(group, kept)
    else if (!before) this.#kept.delete(question)
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

  #putLast(question: string, ofQuestion: OfQuestion<Kept>): void {
    this.#kept.delete(question)
    this.#kept.set(question, ofQuestion)
  }
}

function textBytes(question: string): number {
  return 2 * question.length + overheadBytes
}
