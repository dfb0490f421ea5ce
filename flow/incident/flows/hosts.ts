/** Maps addresses to small numbers, so that tables of flows can be counted in arrays. */
import {
  formatAddress,
  isIPv4,
  isSingle,
  NetworkSet,
  parseAddress,
  type AddressWords,
} from '../../address.ts'
import { hashWords } from './address-index.ts'

const firstCapacity = 1024
const freeSlot = -1

/** The addresses of `Hosts` as columns, for another thread. */
export interface HostColumns {
  count: number
  words: Uint32Array
  isLocal: Uint8Array
  slots: Int32Array
}

/** Open addressing on typed arrays: a map with an array per address took five times as much memory. */
export class Hosts {
  readonly #local: NetworkSet
  #count = 0
  /** Four words per address, by its number, and whether it is local. */
  #words: Uint32Array = new Uint32Array(4 * firstCapacity)
  #isLocal: Uint8Array = new Uint8Array(firstCapacity)
  /** Host numbers; at most half of the slots are in use. */
  #slots: Int32Array = new Int32Array(2 * firstCapacity).fill(freeSlot)

  /** `local`: the networks whose hosts can be actors. */
  constructor(local: NetworkSet) {
    this.#local = local
  }

  /** The same hosts, of columns that it takes over. No host can be local that was not known before. */
  static of({ count, words, isLocal, slots }: HostColumns): Hosts {
    const hosts = new Hosts(new NetworkSet([]))
    hosts.#count = count
    hosts.#words = words
    hosts.#isLocal = isLocal
    hosts.#slots = slots
    return hosts
  }

  /** Its columns, which it keeps. */
  get columns(): HostColumns {
    const [words, isLocal, slots] = [this.#words, this.#isLocal, this.#slots]
    return { count: this.#count, words, isLocal, slots }
  }

  get count(): number {
    return this.#count
  }

  /** The number of the address in row `i` of two columns of halves, low word first. */
  at(high: Uint32Array, low: Uint32Array, i: number): number {
    const [w0, w1, w2, w3] = [high[2 * i + 1]!, high[2 * i]!, low[2 * i + 1]!, low[2 * i]!]
    const slot = this.#slotOf(w0, w1, w2, w3)
    const found = this.#slots[slot]!
    return found === freeSlot ? this.#add(slot, [w0, w1, w2, w3]) : found
  }

  /** The number of an address given as words, most significant first. */
  take(words: AddressWords): number {
    const slot = this.#slotOf(...words)
    const found = this.#slots[slot]!
    return found === freeSlot ? this.#add(slot, words) : found
  }

  /** The address as text. */
  text(host: number): string {
    return formatAddress(...this.#wordsOf(host))
  }

  /** The number of an address given as text, or null if it was never added. */
  find(text: string): number | null {
    const words = parseAddress(text)
    if (!words) return null
    const found = this.#slots[this.#slotOf(...words)]!
    return found === freeSlot ? null : found
  }

  isLocal(host: number): boolean {
    return this.#isLocal[host] === 1
  }

  /** Whether it may be one host's address. */
  isSingle(host: number): boolean {
    return isSingle(this.#wordsOf(host))
  }

  /** Whether its IPv4 address ends in .255, as most subnets' broadcast addresses do. */
  endsIn255(host: number): boolean {
    return (this.#words[4 * host + 3]! & 0xff) === 0xff && isIPv4(this.#wordsOf(host))
  }

  #wordsOf(host: number): AddressWords {
    const at = 4 * host
    const words = this.#words
    return [words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!]
  }

  /** The slot of an address, or the free one where it belongs. */
  #slotOf(w0: number, w1: number, w2: number, w3: number): number {
    const [slots, words] = [this.#slots, this.#words]
    const mask = slots.length - 1
    for (let slot = hashWords(w0, w1, w2, w3) & mask; ; slot = (slot + 1) & mask) {
      const host = slots[slot]!
      if (host === freeSlot) return slot
      const at = 4 * host
      if (words[at + 3] === w3 && words[at + 2] === w2 && words[at + 1] === w1 && words[at] === w0)
        return slot
    }
  }

  #add(slot: number, words: AddressWords): number {
    const host = this.#count++
    this.#slots[slot] = host
    this.#words.set(words, 4 * host)
    this.#isLocal[host] = this.#local.has(...words) ? 1 : 0
    if (this.#count === this.#isLocal.length) this.#grow()
    return host
  }

  #grow(): void {
    const capacity = 2 * this.#count
    const [words, isLocal] = [new Uint32Array(4 * capacity), new Uint8Array(capacity)]
    words.set(this.#words)
    isLocal.set(this.#isLocal)
    this.#words = words
    this.#isLocal = isLocal
    this.#slots = new Int32Array(2 * capacity).fill(freeSlot)
    for (let host = 0; host < this.#count; host++)
      this.#slots[this.#slotOf(...this.#wordsOf(host))] = host
  }
}
