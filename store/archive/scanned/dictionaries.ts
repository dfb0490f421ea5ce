/**
 * Dictionaries of addresses that were read, as far as there is room: to read them takes a quarter of the time of a question about a
 * host, and who asks about one asks about another next.
 */
import { packHalves, type PackedHalves } from '../../../flow/filter/packed-halves.ts'
import type { ColumnPlace } from '../format/footer.ts'

interface Kept {
  halves: PackedHalves
  askedMs: number
}

/**
 * What was asked for since then is not let go of for others: where there is room for a part of what questions go through, this part
 * is found each time.
 */
const usualKeptMs = 60_000

export class Dictionaries {
  readonly #bytesMost: number
  readonly #keptMs: number
  /** By the place that a footer names, those asked for last behind the others. */
  readonly #kept = new Map<ColumnPlace, Kept>()
  #bytes = 0
  /** Those that there is no room for. */
  readonly #passing: PackedHalves[] = []

  constructor(bytesMost: number, keptMs = usualKeptMs) {
    this.#bytesMost = bytesMost
    this.#keptMs = keptMs
  }

  /** How many bytes those take that are kept. */
  get bytes(): number {
    return this.#bytes
  }

  /** The dictionary of a column, whose words `read` reads; good until freePassing. */
  of(column: ColumnPlace, read: () => Uint32Array): PackedHalves {
    const askedMs = performance.now()
    const known = this.#kept.get(column)
    if (known) {
      this.#kept.delete(column)
      this.#kept.set(column, { ...known, askedMs })
      return known.halves
    }
    const halves = packHalves(read())
    if (this.#makeRoom(bytesOf(halves), askedMs)) {
      this.#bytes += bytesOf(halves)
      this.#kept.set(column, { halves, askedMs })
    } else this.#passing.push(halves)
    return halves
  }

  /** Gives the memory of those back that are not kept: what waits for a collection of garbage has that done all the time. */
  freePassing(): void {
    for (const halves of this.#passing.splice(0)) free(halves)
  }

  #makeRoom(bytes: number, nowMs: number): boolean {
    for (const [column, { halves, askedMs }] of this.#kept) {
      if (this.#bytes + bytes <= this.#bytesMost || askedMs + this.#keptMs > nowMs) break
      this.#kept.delete(column)
      this.#bytes -= bytesOf(halves)
      // Whoever was given it may still look at it.
      this.#passing.push(halves)
    }
    return this.#bytes + bytes <= this.#bytesMost
  }
}

function bytesOf({ lows }: PackedHalves): number {
  return lows.buffer.byteLength
}

function free({ lows }: PackedHalves): void {
  const own = lows.buffer as ArrayBuffer
  own.transfer(0)
}
