/**
 * Chooses the keys of a large table that become text: an interval may have a hundred thousand
 * hosts, of which a thousand are kept. Keys are offered one by one, so only the best so far are
 * held.
 */
import { amountCount } from './tables.ts'

/** Amounts of a host's key: first received, then sent. */
export const hostAmounts = 2 * amountCount
/** Keys are cut when this many times the `top` are held: more costs memory, fewer costs sorting. */
const heldTimes = 4
const firstCapacity = 64

/** What determines the rank of keys. */
interface Ranks {
  /** Four words per address, by host number. */
  words: Uint32Array
  /** Whether a host is local: 1 or 0. Local hosts take precedence. */
  isLocal: Uint8Array
}

/** Keeps the `top` of the offered keys: local hosts first, then by bytes; ties by address and code. */
export class KeptKeys {
  count = 0
  /** By held key: host, code and amounts. */
  hosts = new Uint32Array(firstCapacity)
  codes = new Uint32Array(firstCapacity)
  amounts = new Float64Array(firstCapacity * hostAmounts)
  /** The sums of all others. */
  readonly others = new Float64Array(hostAmounts)
  readonly #top: number
  readonly #ranks: Ranks
  /** Bytes of each held key, both directions. */
  #bytes = new Float64Array(firstCapacity)
  /** Index of the last of the `top`, once there were more; keys that rank below it are not held. */
  #last = -1

  constructor(ranks: Ranks, top: number) {
    this.#ranks = ranks
    this.#top = top
  }

  /** Offers a key; call once per key. */
  offer(host: number, code: number, amounts: Float64Array): void {
    const at = this.count
    if (at === this.hosts.length) this.#resize(2 * at)
    this.hosts[at] = host
    this.codes[at] = code
    this.#bytes[at] = amounts[0]! + amounts[amountCount]!
    if (this.#last >= 0 && this.#compare(at, this.#last) > 0) {
      this.addToOthers(amounts)
      return
    }
    this.amounts.set(amounts, at * hostAmounts)
    this.count++
    if (this.count >= heldTimes * this.#top) this.cut()
  }

  addToOthers(amounts: Float64Array): void {
    for (let i = 0; i < hostAmounts; i++) this.others[i] = this.others[i]! + amounts[i]!
  }

  /** Drops keys that are not among the `top`. */
  cut(): void {
    if (this.count <= this.#top) return
    const order = Uint32Array.from({ length: this.count }, (_, i) => i)
    order.sort((a, b) => this.#compare(a, b))
    for (const at of order.subarray(this.#top)) this.addToOthers(this.#amountsAt(at))
    const kept = order.subarray(0, this.#top)
    const { length } = this.hosts
    const [hosts, codes] = [new Uint32Array(length), new Uint32Array(length)]
    const bytes = new Float64Array(length)
    const amounts = new Float64Array(length * hostAmounts)
    for (const [to, at] of kept.entries()) {
      hosts[to] = this.hosts[at]!
      codes[to] = this.codes[at]!
      bytes[to] = this.#bytes[at]!
      amounts.set(this.#amountsAt(at), to * hostAmounts)
    }
    this.hosts = hosts
    this.codes = codes
    this.#bytes = bytes
    this.amounts = amounts
    this.count = this.#top
    this.#last = this.#top - 1
  }

  #amountsAt(at: number): Float64Array {
    return this.amounts.subarray(at * hostAmounts, (at + 1) * hostAmounts)
  }

  /** Negative if the key at `a` ranks before that at `b`. No two keys are equal. */
  #compare(a: number, b: number): number {
    const { words, isLocal } = this.#ranks
    const [x, y] = [this.hosts[a]!, this.hosts[b]!]
    if (isLocal[x] !== isLocal[y]) return isLocal[y]! - isLocal[x]!
    if (this.#bytes[a] !== this.#bytes[b]) return this.#bytes[b]! - this.#bytes[a]!
    for (let i = 0; i < 4; i++) {
      const order = words[x * 4 + i]! - words[y * 4 + i]!
      if (order !== 0) return order
    }
    return this.codes[a]! - this.codes[b]!
  }

  #resize(capacity: number): void {
    const grown = <Kind extends Uint32Array | Float64Array>(from: Kind, to: Kind): Kind => {
      to.set(from)
      return to
    }
    this.hosts = grown(this.hosts, new Uint32Array(capacity))
    this.codes = grown(this.codes, new Uint32Array(capacity))
    this.#bytes = grown(this.#bytes, new Float64Array(capacity))
    this.amounts = grown(this.amounts, new Float64Array(capacity * hostAmounts))
  }
}
