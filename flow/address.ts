/**
 * Addresses in Weir are 128 bits in IPv6 form, IPv4 as ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2),
 * in four 32-bit words. `high` and `low` are the 64-bit halves as stored in the flow columns: two
 * words each, low word first, so that the bytes are those of an int64.
 */
import ipaddr from 'ipaddr.js'

/** The word that precedes an IPv4 address in the low half. */
export const ipv4Marker = 0xffff

/** The four words of an address, most significant first. */
export type AddressWords = readonly [number, number, number, number]

/** Whether two addresses are equal. */
export function isSameAddress(a: AddressWords, b: AddressWords): boolean {
  return a[3] === b[3] && a[2] === b[2] && a[1] === b[1] && a[0] === b[0]
}

/** Whether an address in IPv6 form is an IPv4 address. */
export function isIPv4(words: AddressWords): boolean {
  return words[2] === ipv4Marker && words[1] === 0 && words[0] === 0
}

/**
 * Whether an address is that of a multicast group (224.0.0.0/4, ff00::/8) or 255.255.255.255: no
 * single host has it.
 */
export function isGroup(words: AddressWords): boolean {
  if (!isIPv4(words)) return words[0] >>> 24 === 0xff
  return words[3] >>> 28 === 0xe || words[3] === 0xffffffff
}

/** Whether an address is nobody's: 0.0.0.0 or ::, as of a host that has none yet, or where an exporter reports none. */
function isUnspecified(words: AddressWords): boolean {
  return words[0] === 0 && words[1] === 0 && words[3] === 0 && (words[2] === 0 || isIPv4(words))
}

/** Whether an address may be one host's. */
export function isSingle(words: AddressWords): boolean {
  return !isGroup(words) && !isUnspecified(words)
}

/** Whether a host, as written in a setting or a URL, is reachable from its own machine only. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/.test(host)
}

/** The words of an address given as text, or null if the text is not an address. */
export function parseAddress(text: string): AddressWords | null {
  if (!text.includes(':')) {
    const word = dottedWord(text)
    return word === null ? null : [0, 0, ipv4Marker, word]
  }
  if (!ipaddr.IPv6.isValid(text)) return null
  const { parts } = ipaddr.IPv6.parse(text)
  const word = (i: number) => ((parts[i]! << 16) | parts[i + 1]!) >>> 0
  return [word(0), word(2), word(4), word(6)]
}

/**
 * The word of four decimal numbers without leading zeros, or null for any other text. ipaddr.js reads them with regular
 * expressions, four times as slowly.
 */
function dottedWord(text: string): number | null {
  const parts = text.split('.')
  if (parts.length !== 4) return null
  let word = 0
  for (const part of parts) {
    const value = Number(part)
    if (!(value >= 0 && value <= 255) || String(value) !== part) return null
    word = word * 256 + value
  }
  return word
}

/** An address as text: dotted for IPv4, RFC 5952 for IPv6. Words most significant first. */
export function formatAddress(w0: number, w1: number, w2: number, w3: number): string {
  if (w0 === 0 && w1 === 0 && w2 === ipv4Marker)
    return `${w3 >>> 24}.${(w3 >>> 16) & 255}.${(w3 >>> 8) & 255}.${w3 & 255}`
  const parts = [w0, w1, w2, w3].flatMap((word) => [word >>> 16, word & 0xffff])
  return new ipaddr.IPv6(parts).toRFC5952String()
}

/** Row `i` of an address stored as two u64 columns, as text. */
export function addressAt(high: Uint32Array, low: Uint32Array, i: number): string {
  return formatAddress(high[2 * i + 1]!, high[2 * i]!, low[2 * i + 1]!, low[2 * i]!)
}

/** The signed 64-bit halves of an address, as stored in the archive's two columns. */
export function addressHalves(words: AddressWords): { high: bigint; low: bigint } {
  const half = (a: number, b: number) => BigInt.asIntN(64, (BigInt(a) << 32n) | BigInt(b))
  return { high: half(words[0], words[1]), low: half(words[2], words[3]) }
}

/** An address from its signed 64-bit halves, as text. */
export function formatHalves(high: bigint, low: bigint): string {
  const word = (value: bigint) => Number(BigInt.asUintN(32, value))
  return formatAddress(word(high >> 32n), word(high), word(low >> 32n), word(low))
}

/** A network: the first address, and how many of the 128 bits count (IPv4 /24 is 120). */
export interface Network {
  readonly words: AddressWords
  readonly bits: number
}

/** Parses CIDR text or a single address; null if it is neither. Host bits are cleared. */
export function parseNetwork(text: string): Network | null {
  const [address = '', length, rest] = text.trim().split('/')
  const words = parseAddress(address)
  if (!words || rest !== undefined) return null
  const isDotted = !address.includes(':')
  const width = isDotted ? 32 : 128
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return null
  const prefix = length === undefined ? width : Number(length)
  if (prefix > width) return null
  const bits = isDotted ? prefix + 96 : prefix
  return { words: maskWords(words, bits), bits }
}

/** A network as text that parseNetwork can read. */
export function formatNetwork(network: Network): string {
  const address = formatAddress(...network.words)
  return `${address}/${address.includes(':') ? network.bits : network.bits - 96}`
}

/** The first `bits` bits of an address, the rest zero. */
export function maskWords(words: AddressWords, bits: number): AddressWords {
  return words.map((word, i) => (word & wordMask(bits, i)) >>> 0) as unknown as AddressWords
}

/** The mask for one 32-bit word of an address, for a prefix of `bits` bits. */
export function wordMask(bits: number, wordIndex: number): number {
  const inWord = Math.min(32, Math.max(0, bits - 32 * wordIndex))
  return inWord === 0 ? 0 : (0xffffffff << (32 - inWord)) >>> 0
}

/**
 * Whether an address is in a network. A loop that allocates nothing, because naming a host tests
 * thousands of networks.
 */
export function isWithin(words: AddressWords, network: Network): boolean {
  // The last word differs most.
  for (let i = 3; i >= 0; i--)
    if (((words[i]! ^ network.words[i]!) & wordMask(network.bits, i)) !== 0) return false
  return true
}

/** What the first 16 bits of an IPv4 address decide: in no network, in one, or a full test is needed. */
const halfSays = { none: 0, all: 1, some: 2 } as const

/** A set of networks with a fast membership test for addresses. */
export class NetworkSet {
  readonly networks: readonly Network[]
  /** Four words and four masks per network, interleaved: addresses of every flow are tested here. */
  readonly #tests: Uint32Array
  /** By the first 16 bits of an IPv4 address; built on first use. */
  #halves: Uint8Array | null = null

  constructor(networks: readonly Network[]) {
    this.networks = networks
    this.#tests = Uint32Array.from(
      networks.flatMap(({ words, bits }) => [
        ...words,
        ...[0, 1, 2, 3].map((word) => wordMask(bits, word)),
      ]),
    )
  }

  /** Whether the address (words most significant first) is in any of the networks. */
  has(w0: number, w1: number, w2: number, w3: number): boolean {
    if (w0 === 0 && w1 === 0 && w2 === ipv4Marker) {
      const says = (this.#halves ??= halvesOf(this.networks))[w3 >>> 16]!
      if (says !== halfSays.some) return says === halfSays.all
    }
    const tests = this.#tests
    for (let at = 0; at < tests.length; at += 8) {
      if (((w3 ^ tests[at + 3]!) & tests[at + 7]!) !== 0) continue
      if (((w2 ^ tests[at + 2]!) & tests[at + 6]!) !== 0) continue
      if (((w1 ^ tests[at + 1]!) & tests[at + 5]!) !== 0) continue
      if (((w0 ^ tests[at]!) & tests[at + 4]!) === 0) return true
    }
    return false
  }

  /** Whether an address given as text is in any of the networks; false if it is not an address. */
  hasText(text: string): boolean {
    const words = parseAddress(text)
    return words !== null && this.has(...words)
  }
}

function halvesOf(networks: readonly Network[]): Uint8Array {
  const halves = new Uint8Array(65_536)
  for (const { words, bits } of networks) {
    const shorter = Math.min(bits, 96)
    if (
      maskWords([0, 0, ipv4Marker, 0], shorter).some(
        (word, i) => word !== (words[i]! & wordMask(shorter, i)) >>> 0,
      )
    )
      continue
    const prefix = bits - shorter
    const from = prefix === 0 ? 0 : words[3] >>> 16
    const to = from + 2 ** Math.max(0, 16 - prefix)
    for (let half = from; half < to; half++)
      if (halves[half] !== halfSays.all) halves[half] = prefix <= 16 ? halfSays.all : halfSays.some
  }
  return halves
}
