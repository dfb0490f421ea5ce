/** Addresses as small numbers, so that tables of flows can be counted by arrays. */
import {
  formatAddress,
  ipv4Marker,
  parseAddress,
  type AddressWords,
  type NetworkSet,
} from '../address.ts'

export class Hosts {
  readonly #local: NetworkSet
  /** IPv4 addresses by their number; all others by their words as text. */
  readonly #four = new Map<number, number>()
  readonly #six = new Map<string, number>()
  readonly #words: [number, number, number, number][] = []
  readonly #isLocal: boolean[] = []

  /** `local`: the networks whose hosts may be actors. */
  constructor(local: NetworkSet) {
    this.#local = local
  }

  get count(): number {
    return this.#words.length
  }

  /** The number of the address in row `i` of two columns of halves, low word first. */
  at(high: Uint32Array, low: Uint32Array, i: number): number {
    const w0 = high[2 * i + 1]!
    const w1 = high[2 * i]!
    const w2 = low[2 * i + 1]!
    const w3 = low[2 * i]!
    if (w0 === 0 && w1 === 0 && w2 === ipv4Marker)
      return this.#four.get(w3) ?? this.#add(this.#four, w3, [w0, w1, w2, w3])
    const key = `${w0} ${w1} ${w2} ${w3}`
    return this.#six.get(key) ?? this.#add(this.#six, key, [w0, w1, w2, w3])
  }

  /** The number of an address given as words, most significant first. */
  take(words: AddressWords): number {
    return this.at(Uint32Array.of(words[1], words[0]), Uint32Array.of(words[3], words[2]), 0)
  }

  /** The address as text. */
  text(host: number): string {
    return formatAddress(...this.#words[host]!)
  }

  /** The number of an address given as text, or null where it was not met. */
  find(text: string): number | null {
    const words = parseAddress(text)
    if (!words) return null
    const [w0, w1, w2, w3] = words
    if (w0 === 0 && w1 === 0 && w2 === ipv4Marker) return this.#four.get(w3) ?? null
    return this.#six.get(`${w0} ${w1} ${w2} ${w3}`) ?? null
  }

  isLocal(host: number): boolean {
    return this.#isLocal[host]!
  }

  #add<Key>(map: Map<Key, number>, key: Key, words: [number, number, number, number]): number {
    const host = this.#words.length
    map.set(key, host)
    this.#words.push(words)
    this.#isLocal.push(this.#local.has(...words))
    return host
  }
}
