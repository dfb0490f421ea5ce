/**
 * A bounded cache of address dictionaries: reading them takes a quarter of the time of a query on a
 * host, and users go from one host to the next.
 */
import { packHalves, type PackedHalves } from '../../../flow/filter/packed-halves.ts'
import { freeBuffer } from '../../process/freed-memory.ts'
import type { ColumnPlace } from '../format/footer.ts'

interface Kept {
  halves: PackedHalves
  usedMs: number
}

/**
 * Dictionaries used more recently than this are not evicted: if only part of what queries read
 * fits, that part is then found each time.
 */
const usualKeptMs = 60_000

export class Dictionaries {
  readonly #bytesMax: number
  readonly #keptMs: number
  /** By the place given in a footer, least recently used first. */
  readonly #kept = new Map<ColumnPlace, Kept>()
  #bytes = 0
  /** Those that do not fit. */
  readonly #passing: PackedHalves[] = []

  constructor(bytesMax: number, keptMs = usualKeptMs) {
    this.#bytesMax = bytesMax
    this.#keptMs = keptMs
  }

  /** The size of the kept dictionaries. */
  get bytes(): number {
    return this.#bytes
  }

  /** The dictionary of a column, whose words `read` reads; valid until freePassing. */
  of(column: ColumnPlace, read: () => Uint32Array): PackedHalves {
    const usedMs = performance.now()
    const known = this.#kept.get(column)
    if (known) {
      this.#kept.delete(column)
      this.#kept.set(column, { ...known, usedMs })
      return known.halves
    }
    const halves = packHalves(read())
    if (this.#makeRoom(bytesOf(halves), usedMs)) {
      this.#bytes += bytesOf(halves)
      this.#kept.set(column, { halves, usedMs })
    } else this.#passing.push(halves)
    return halves
  }

  /** Frees the dictionaries that are not kept: leaving them to the garbage collector would make it run constantly. */
  freePassing(): void {
    for (const halves of this.#passing.splice(0)) freeBuffer(halves.lows)
  }

  #makeRoom(bytes: number, nowMs: number): boolean {
    for (const [column, { halves, usedMs }] of this.#kept) {
      if (this.#bytes + bytes <= this.#bytesMax || usedMs + this.#keptMs > nowMs) break
      this.#kept.delete(column)
      this.#bytes -= bytesOf(halves)
      // The caller may still be using it.
      this.#passing.push(halves)
    }
    return this.#bytes + bytes <= this.#bytesMax
  }
}

function bytesOf({ lows }: PackedHalves): number {
  return lows.buffer.byteLength
}
