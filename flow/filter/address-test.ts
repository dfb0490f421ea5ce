/** Conditions on addresses as loops over their columns. */
import { ipv4Marker, type Network } from '../address.ts'
import type { AddressFilter } from '../filter.ts'
import { addressFields, type AddressColumn } from './fields.ts'
import { onBoth } from './number-test.ts'
import type { ColumnTest } from './predicate.ts'

export function addressTest({ field, side, networks, except }: AddressFilter): ColumnTest {
  const inside = new AddressRanges(networks)
  const outside = except.length === 0 ? null : new AddressRanges(except)
  const test = (column: AddressColumn): ColumnTest => {
    const [high, low] = [`${column}High`, `${column}Low`] as const
    return (flows, rows, out) => {
      inside.test(flows[high], flows[low], { rows, out, found: 1 })
      if (outside) outside.test(flows[high], flows[low], { rows, out, found: 0 })
    }
  }
  const [source, destination] = addressFields[field].columns as readonly AddressColumn[]
  if (destination === undefined || side === 'source') return test(source!)
  if (side === 'destination') return test(destination)
  return onBoth(side, { source: test(source!), destination: test(destination) })
}

/** Both addresses are IPv4, or neither is. */
export function familyTest(version: 4 | 6): ColumnTest {
  const wanted = version === 4 ? 1 : 0
  return (flows, rows, out) => {
    const { sourceAddressHigh, sourceAddressLow } = flows
    const { destinationAddressHigh, destinationAddressLow } = flows
    for (let i = 0; i < rows; i++) {
      const source = isIPv4(sourceAddressHigh, sourceAddressLow, i)
      const destination = isIPv4(destinationAddressHigh, destinationAddressLow, i)
      out[i] = source === wanted && destination === wanted ? 1 : 0
    }
  }
}

function isIPv4(high: Uint32Array, low: Uint32Array, row: number): 0 | 1 {
  const isMapped = (high[2 * row]! | high[2 * row + 1]!) === 0
  return isMapped && low[2 * row + 1] === ipv4Marker ? 1 : 0
}

/** As many networks are looked for one after the other. */
const loopedMax = 8

interface Written {
  rows: number
  out: Uint8Array
  /** What is written where the address is found; elsewhere 0 is written for 1, and nothing for 0. */
  found: 0 | 1
}

/** Networks, sorted and apart (one within another is left out), so that one search finds an address. */
class AddressRanges {
  readonly #count: number
  /** Four words a network, most significant first. */
  readonly #starts: Uint32Array
  readonly #masks: Uint32Array

  constructor(networks: readonly Network[]) {
    const apart = withoutInner(networks)
    this.#count = apart.length
    this.#starts = Uint32Array.from(apart.flatMap(({ words }) => [...words]))
    this.#masks = Uint32Array.from(
      apart.flatMap(({ bits }) => [0, 1, 2, 3].map((i) => mask(bits, i))),
    )
  }

  /** Looks every row's address up: in a loop for each of a few networks, else by a search for each row. */
  test(high: Uint32Array, low: Uint32Array, written: Written): void {
    if (this.#count > loopedMax) this.#testMany(high, low, written)
    else {
      if (written.found === 1) written.out.fill(0, 0, written.rows)
      for (let n = 0; n < this.#count; n++) this.#testOne(high, low, { ...written, network: n })
    }
  }

  #testOne(
    high: Uint32Array,
    low: Uint32Array,
    { rows, out, found, network }: Written & { network: number },
  ): void {
    const word = (words: Uint32Array, i: number) => words[4 * network + i]! | 0
    const [s0, s1, s2, s3] = [0, 1, 2, 3].map((i) => word(this.#starts, i)) as [number, number, number, number] // prettier-ignore
    const [m0, m1, m2, m3] = [0, 1, 2, 3].map((i) => word(this.#masks, i)) as [number, number, number, number] // prettier-ignore
    for (let i = 0, at = 0; i < rows; i++, at += 2) {
      const differs =
        ((low[at]! ^ s3) & m3) | ((low[at + 1]! ^ s2) & m2) |
        ((high[at]! ^ s1) & m1) | ((high[at + 1]! ^ s0) & m0) // prettier-ignore
      if (differs === 0) out[i] = found
    }
  }

  #testMany(high: Uint32Array, low: Uint32Array, { rows, out, found }: Written): void {
    for (let i = 0, at = 0; i < rows; i++, at += 2) {
      const isInside = this.#has(high[at + 1]!, high[at]!, low[at + 1]!, low[at]!)
      if (isInside) out[i] = found
      else if (found === 1) out[i] = 0
    }
  }

  #has(w0: number, w1: number, w2: number, w3: number): boolean {
    const starts = this.#starts
    let [low, high] = [0, this.#count - 1]
    while (low <= high) {
      const middle = (low + high) >> 1
      const at = 4 * middle
      const isAfter =
        (w0 - starts[at]! ||
          w1 - starts[at + 1]! ||
          w2 - starts[at + 2]! ||
          w3 - starts[at + 3]!) >= 0
      if (isAfter) low = middle + 1
      else high = middle - 1
    }
    if (high < 0) return false
    const at = 4 * high
    const masks = this.#masks
    return (
      (((w0 ^ starts[at]!) & masks[at]!) |
        ((w1 ^ starts[at + 1]!) & masks[at + 1]!) |
        ((w2 ^ starts[at + 2]!) & masks[at + 2]!) |
        ((w3 ^ starts[at + 3]!) & masks[at + 3]!)) ===
      0
    )
  }
}

function mask(bits: number, word: number): number {
  const kept = Math.min(32, Math.max(0, bits - 32 * word))
  return kept === 0 ? 0 : (0xffffffff << (32 - kept)) >>> 0
}

function withoutInner(networks: readonly Network[]): Network[] {
  const sorted = [...networks].sort((a, b) => compareWords(a.words, b.words) || a.bits - b.bits)
  const apart: Network[] = []
  for (const network of sorted) {
    const outer = apart.at(-1)
    const isInner =
      outer !== undefined &&
      outer.words.every((word, i) => ((word ^ network.words[i]!) & mask(outer.bits, i)) === 0)
    if (!isInner) apart.push(network)
  }
  return apart
}

function compareWords(a: Network['words'], b: Network['words']): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3]
}
