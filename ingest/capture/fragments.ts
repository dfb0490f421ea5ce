/** IP packets that came in fragments (RFC 791, RFC 8200), put together again in bounded memory. */

/** A piece of what an IP packet carries. `bytes` may be a view into a buffer that is used again. */
export interface Fragment {
  /** What all fragments of a packet have in common: its ends, protocol and identification. */
  packet: string
  /** Where the piece lies in what the packet carries. */
  offset: number
  isLast: boolean
  bytes: Uint8Array
}

/** Packets of which fragments are awaited; more, and the one begun first is given up. */
const packetsMax = 64
/** So long a packet's fragments are awaited (as Linux does): its identification is used again. */
const awaitedMs = 30_000

/** No IP packet carries more; fragments that would come to more are no packet's. */
const carriedBytesMax = 65_535

class Pieces {
  readonly begunMs: number
  readonly #byOffset = new Map<number, Uint8Array>()
  /** Bytes that the packet carries, once the last fragment has come. */
  #length = -1
  #held = 0

  constructor(begunMs: number) {
    this.begunMs = begunMs
  }

  add({ offset, isLast, bytes }: Fragment): void {
    if (isLast) this.#length = offset + bytes.length
    if (this.#byOffset.has(offset) || this.#held + bytes.length > carriedBytesMax) return
    this.#byOffset.set(offset, bytes.slice())
    this.#held += bytes.length
  }

  get count(): number {
    return this.#byOffset.size
  }

  whole(): Uint8Array<ArrayBuffer> | null {
    if (this.#held !== this.#length) return null
    const bytes = new Uint8Array(this.#length)
    let at = 0
    for (const [offset, piece] of [...this.#byOffset].sort(([a], [b]) => a - b)) {
      if (offset !== at) return null
      bytes.set(piece, at)
      at += piece.length
    }
    return bytes
  }
}

export class Fragments {
  /** When the packet at hand was captured, unix ms. */
  nowMs = 0
  /** By how many there would be more packets had none been put together. */
  saved = 0
  readonly #packets = new Map<string, Pieces>()

  /** Takes a fragment; gives what the packet carries where it was the last one missing. */
  take(fragment: Fragment): Uint8Array<ArrayBuffer> | null {
    const { packet } = fragment
    const held = this.#packets.get(packet)
    const isAwaited = held !== undefined && this.nowMs - held.begunMs <= awaitedMs
    const pieces = isAwaited ? held : this.#begin(packet)
    pieces.add(fragment)
    const whole = pieces.whole()
    if (whole === null) return null
    this.#packets.delete(packet)
    this.saved += pieces.count - 1
    return whole
  }

  #begin(packet: string): Pieces {
    this.#packets.delete(packet)
    if (this.#packets.size >= packetsMax) {
      const [first] = this.#packets.keys()
      this.#packets.delete(first!)
    }
    const pieces = new Pieces(this.nowMs)
    this.#packets.set(packet, pieces)
    return pieces
  }
}
