/** Sources as text, cached because a router sends continuously. */
import { formatAddress, ipv4Marker, type AddressWords } from '../../flow/address.ts'

/** Most IPv4 addresses cached; when full, the cache is cleared. */
const textsMax = 65_536

export class SourceTexts {
  #words: AddressWords = [0, 0, 0, 0]
  #text = formatAddress(0, 0, 0, 0)
  /** IPv4 addresses by their last word. */
  readonly #texts = new Map<number, string>()

  /** An address as displayed everywhere: dotted, or RFC 5952. */
  of(words: AddressWords): string {
    const last = this.#words
    const [w0, w1, w2, w3] = words
    if (w3 !== last[3] || w2 !== last[2] || w1 !== last[1] || w0 !== last[0]) {
      this.#words = [...words]
      this.#text = this.#find(words)
    }
    return this.#text
  }

  #find(words: AddressWords): string {
    const [w0, w1, w2, w3] = words
    if (w0 !== 0 || w1 !== 0 || w2 !== ipv4Marker) return formatAddress(...words)
    let text = this.#texts.get(w3)
    if (text === undefined) {
      if (this.#texts.size >= textsMax) this.#texts.clear()
      this.#texts.set(w3, (text = formatAddress(...words)))
    }
    return text
  }
}
