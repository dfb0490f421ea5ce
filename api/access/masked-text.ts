/** Addresses in text, masked to show the network but not the host. */
import { createHmac, randomBytes } from 'node:crypto'

import {
  formatAddress,
  isIPv4,
  maskWords,
  parseAddress,
  type AddressWords,
} from '../../flow/address.ts'

/** Bits of an address that are shown: the /24 of IPv4, the /48 of IPv6, as bits of the IPv6 form. */
const shownBits = { ipv4: 96 + 24, ipv6: 48 }
const ipv4Prefix = 96
const tagLength = 6

/** Answers are masked as JSON, where the letter before an address may be that of an escaped line end. */
const afterEscape = String.raw`(?<=\\(?:[bfnrt]|u[0-9a-f]{4}))`
const ipv6Text = new RegExp(
  String.raw`(?:${afterEscape}|(?<![\w:.]))[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,8}(?![\w:]|\.\d)(?:\/\d{1,3})?`,
  'gi',
)
const ipv4Text = new RegExp(
  String.raw`(?:${afterEscape}|(?<![\w.]))(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)(?:\/\d{1,3})?`,
  'g',
)
const macText = /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/i

/** How many leading bits of an address (as four words) may be shown. */
export function shownBitsOf(words: AddressWords): number {
  return isIPv4(words) ? shownBits.ipv4 : shownBits.ipv6
}

/**
 * Writes 10.0.0.22 as 10.0.0.0~k7q2ab: the network, and a tag that identifies the same host until
 * the process ends. The tag is keyed with a secret that is stored nowhere, so that nobody can find
 * the host by trying addresses.
 */
export class AddressMask {
  readonly #secret = randomBytes(32)

  /** A text with every address masked, except the `spared` ones (exporters). */
  text(text: string, spared: ReadonlySet<string>): string {
    const masked = (found: string) => this.#masked(found, spared)
    return text.replaceAll(ipv6Text, masked).replaceAll(ipv4Text, masked)
  }

  #masked(found: string, spared: ReadonlySet<string>): string {
    const [address = '', length] = found.split('/')
    if (spared.has(address)) return found
    if (macText.test(address)) return `${address.slice(0, 8)}~${this.#tag(address.toLowerCase())}`
    const words = parseAddress(address)
    // The unspecified address: a next hop that was not reported.
    if (!words || (words[3] === 0 && words[1] === 0 && words[0] === 0 && words[2] % 0xffff === 0))
      return found
    const shown = shownBitsOf(words)
    const own = shown === shownBits.ipv4 ? ipv4Prefix : 0
    if (length !== undefined && own + Number(length) <= shown) return found
    const network = formatAddress(...maskWords(words, shown))
    return `${network}~${this.#tag(formatAddress(...words))}`
  }

  #tag(text: string): string {
    const hash = createHmac('sha256', this.#secret).update(text).digest()
    return BigInt(`0x${hash.toString('hex')}`)
      .toString(36)
      .slice(-tagLength)
  }
}
