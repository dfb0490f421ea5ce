/** Reassembles fragmented IP packets (RFC 791, RFC 8200) in bounded memory. */

/** A fragment of an IP packet's payload. `bytes` may be a view of a reused buffer. */
interface Fragment {
  /** Identifies the packet: its ends, protocol and identification. */
  packet: string
  /** Offset in the packet's payload. */
  offset: number
  isLast: boolean
  bytes: Uint8Array
}

/** Most incomplete packets; beyond that, the oldest is dropped. */
const packetsMax = 64
/** How long fragments are awaited (as in Linux): identifications are reused. */
const awaitedMs = 30_000

/** The maximum IP payload; fragments exceeding it are invalid. */
const carriedBytesMax = 65_535

class Pieces {
  readonly begunMs: number
  readonly #byOffset = new Map<number, Uint8Array>()
  /** The payload's length, known once the last fragment has arrived. */
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
  /** When the current packet was captured, unix ms. */
  nowMs = 0
  /** How many packets fewer there are due to reassembly. */
  fragmentsMerged = 0
  readonly #packets = new Map<string, Pieces>()

  /** Adds a fragment; returns the packet's payload if it is now complete. */
  take(fragment: Fragment): Uint8Array<ArrayBuffer> | null {
    const { packet } = fragment
    const held = this.#packets.get(packet)
    const isAwaited = held !== undefined && this.nowMs - held.begunMs <= awaitedMs
    const pieces = isAwaited ? held : this.#begin(packet)
    pieces.add(fragment)
    const whole = pieces.whole()
    if (whole === null) return null
    this.#packets.delete(packet)
    this.fragmentsMerged += pieces.count - 1
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
