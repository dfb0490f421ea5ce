/** Searches networks for addresses, row by row, or once per distinct address half where these are known. */
import { ipv4Marker, isWithin, wordMask, type Network } from '../address.ts'
import type { PackedHalves } from './packed-halves.ts'
import type { DistinctAddresses, DistinctHalves } from './predicate.ts'
import { writeSingle } from './single-address.ts'

/** Up to this many networks are tested in a loop. */
const loopedMax = 8
const addressBits = 128

/** What is written, and for which rows. */
interface Written {
  rows: number
  out: Uint8Array
  /** Written where the address is found: 1 also clears all other rows, 0 leaves them. */
  found: 0 | 1
}

/** Networks, sorted and disjoint (nested ones are left out), so that one search finds an address. */
export class AddressRanges {
  readonly #count: number
  /** By network, whether it is a single address. */
  readonly #isSingle: readonly boolean[]
  /** Four words per network, most significant first. */
  readonly #starts: Uint32Array
  readonly #masks: Uint32Array

  constructor(networks: readonly Network[]) {
    const apart = withoutInner(networks)
    this.#count = apart.length
    this.#isSingle = apart.map(({ bits }) => bits === addressBits)
    this.#starts = Uint32Array.from(apart.flatMap(({ words }) => [...words]))
    this.#masks = Uint32Array.from(
      apart.flatMap(({ bits }) => [0, 1, 2, 3].map((i) => wordMask(bits, i))),
    )
  }

  /** Whether the networks are few enough to loop over. */
  get isLooped(): boolean {
    return this.#count <= loopedMax
  }

  /**
   * Like `test`, for a few networks in loops: distinct halves are compared once each, and rows are
   * examined only if any half matches. The rows must be cleared if `found` is 1.
   */
  testDistinct({ high, low }: DistinctAddresses, written: Written): void {
    const { rows, out, found } = written
    for (let n = 0; n < this.#count; n++) {
      if (this.#isSingle[n]) {
        const address = this.#starts.subarray(4 * n, 4 * n + 4)
        writeSingle({ high, low }, address, { rows, out, value: found })
        continue
      }
      const lows = this.#mark(low, { at: 4 * n + 2, marks: marksOf('low', low) })
      if (lows === 0) continue
      const highs = this.#mark(high, { at: 4 * n, marks: marksOf('high', high) })
      if (highs === high.lows.length) writeMarked(low.places, written)
      else if (highs > 0) writeBoth(high, low.places, written)
    }
  }

  /** Marks the halves that match the network whose words start at `at`; returns how many. */
  #mark(
    { lows, others, otherHighs }: PackedHalves,
    { at, marks }: { at: number; marks: Uint8Array },
  ): number {
    const [startHigh, startLow] = [this.#starts[at]! | 0, this.#starts[at + 1]! | 0]
    const [maskHigh, maskLow] = [this.#masks[at]! | 0, this.#masks[at + 1]! | 0]
    const ofMarker = (ipv4Marker ^ startHigh) & maskHigh
    let count = 0
    for (let i = 0; i < lows.length; i++)
      count += marks[i] = (((lows[i]! ^ startLow) & maskLow) | ofMarker) === 0 ? 1 : 0
    for (let n = 0; n < others.length; n++) {
      const i = others[n]!
      const differs = ((lows[i]! ^ startLow) & maskLow) | ((otherHighs[n]! ^ startHigh) & maskHigh)
      count -= marks[i]!
      count += marks[i] = differs === 0 ? 1 : 0
    }
    return count
  }

  /** Tests every row's address: one loop for each of a few networks, otherwise a search per row. */
  test(high: Uint32Array, low: Uint32Array, written: Written): void {
    if (!this.isLooped) this.#testMany(high, low, written)
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

/** Which halves of a row group match; grown, never reallocated per call. */
const marked = { high: new Uint8Array(0), low: new Uint8Array(0) }

function marksOf(half: 'high' | 'low', { lows }: PackedHalves): Uint8Array {
  if (marked[half].length < lows.length) marked[half] = new Uint8Array(2 * lows.length)
  return marked[half]
}

function writeMarked(lows: Uint16Array, { rows, out, found }: Written): void {
  const marks = marked.low
  if (found === 1) for (let i = 0; i < rows; i++) out[i] = out[i]! | marks[lows[i]!]!
  else for (let i = 0; i < rows; i++) out[i] = out[i]! & (marks[lows[i]!]! ^ 1)
}

/** Rows whose high half matches; grown, never reallocated per call. */
let markedRows = new Int32Array(0)

function writeBoth(highs: DistinctHalves, lows: Uint16Array, { rows, out, found }: Written): void {
  const { high, low } = marked
  if (markedRows.length < rows) markedRows = new Int32Array(rows)
  let count = 0
  for (let i = 0; i < rows; i++) if (low[lows[i]!] !== 0) markedRows[count++] = i
  if (count === 0) return
  const looked = markedRows.subarray(0, count)
  const places = highs.placesOf(looked)
  if (found === 1) for (const i of looked) out[i] = out[i]! | high[places[i]!]!
  else for (const i of looked) out[i] = out[i]! & (high[places[i]!]! ^ 1)
}

function withoutInner(networks: readonly Network[]): Network[] {
  const sorted = [...networks].sort((a, b) => compareWords(a.words, b.words) || a.bits - b.bits)
  const apart: Network[] = []
  for (const network of sorted) {
    const outer = apart.at(-1)
    if (outer === undefined || !isWithin(network.words, outer)) apart.push(network)
  }
  return apart
}

function compareWords(a: Network['words'], b: Network['words']): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3]
}
