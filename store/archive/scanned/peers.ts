/** Counts the distinct peer addresses of each key. */
import { KeyTable } from '../keys/key-table.ts'
import { ScratchMemory } from '../scratch-memory.ts'
import {
  isIPv4,
  pairsOf,
  putHalves,
  putPairs,
  type AddressHalves,
  type Addresses,
  type HalfEntries,
} from './address-numbers.ts'
import { Distinct } from './distinct.ts'

/** Columns of a pair with a non-IPv4 address: the key's index, and the address halves. */
const pairColumns = 3
/** 32-bit numbers that take as much memory as a key in other scans. */
const keyWords = 8
const wordBits = 32
/** Most bits to mark seen entries of a row group: if more are needed, addresses are compared themselves. */
const metMax = 1 << 26

export interface PackedPeers {
  /** By index of the key, ascending. */
  ipv4: Uint32Array[]
  /** The words (pairColumns) of the other pairs. */
  others: Uint32Array
}

/** By key, a bit for each entry of a row group that was seen; and the pair of halves of each row. */
const scratch = new ScratchMemory<'met' | 'pairs'>()

export class Peers {
  /** By index of the key, its IPv4 addresses. */
  readonly #ipv4: Distinct[]
  readonly #others = new KeyTable(pairColumns)
  readonly #words = new Uint32Array(2 * pairColumns)
  readonly #halves = this.#words.subarray(2)

  constructor(places: number) {
    this.#ipv4 = Array.from({ length: places }, () => new Distinct())
  }

  /** Its memory use, as a number of keys. */
  get keys(): number {
    const words = this.#ipv4.reduce((sum, { room }) => sum + room, 0)
    return this.#others.count + Math.ceil(words / keyWords)
  }

  /** By index of the key, the number of distinct addresses. */
  counts(): Float64Array {
    const counts = Float64Array.from(this.#ipv4, (each) => each.values().length)
    const words = this.#others.words()
    for (let at = 0; at < words.length; at += this.#words.length) counts[words[at]!]! += 1
    return counts
  }

  /** Adds the nth row's address as a peer of the nth key, which is given by its index. */
  add(addresses: Addresses, rows: Int32Array, places: Int32Array): void {
    const { entries } = addresses
    if (entries && this.#ipv4.length * pairsOf(entries) <= metMax)
      this.#addEntries(entries, rows, places)
    else this.#addRows(addresses, rows, places)
  }

  pack(): PackedPeers {
    return { ipv4: this.#ipv4.map((each) => each.values()), others: this.#others.words() }
  }

  merge({ ipv4, others }: PackedPeers): void {
    for (const [place, values] of ipv4.entries()) this.#ipv4[place]!.addSorted(values)
    for (let at = 0; at < others.length; at += this.#words.length) this.#others.numberOf(others, at)
  }

  /** The file tells which rows have equal addresses, so one row of each is enough. */
  #addEntries(entries: HalfEntries, rows: Int32Array, places: Int32Array): void {
    const eachWords = Math.ceil(pairsOf(entries) / wordBits)
    const metWords = this.#ipv4.length * eachWords
    const met = new Uint32Array(scratch.of('met', 4 * metWords), 0, metWords).fill(0)
    const pairs = new Int32Array(scratch.of('pairs', 4 * rows.length), 0, rows.length)
    putPairs(entries, rows, pairs)
    let count = 0
    // Branch-free: whether one is new cannot be predicted.
    for (let n = 0; n < pairs.length; n++) {
      const pair = pairs[n]!
      const at = places[n]! * eachWords + (pair >>> 5)
      const before = met[at]!
      met[at] = before | (1 << (pair & 31))
      // This index was already read, so it can be overwritten.
      pairs[count] = n
      count += ~(before >>> (pair & 31)) & 1
    }
    for (let i = 0; i < count; i++) {
      putHalves(entries, rows[pairs[i]!]!, this.#halves)
      this.#addHalves(places[pairs[i]!]!)
    }
  }

  #addRows({ high, low }: AddressHalves, rows: Int32Array, places: Int32Array): void {
    const halves = this.#halves
    for (let n = 0; n < rows.length; n++) {
      const at = 2 * rows[n]!
      halves[0] = high[at]!
      halves[1] = high[at + 1]!
      halves[2] = low[at]!
      halves[3] = low[at + 1]!
      this.#addHalves(places[n]!)
    }
  }

  #addHalves(place: number): void {
    if (isIPv4(this.#halves, 0)) {
      this.#ipv4[place]!.add(this.#halves[2]!)
      return
    }
    this.#words[0] = place
    this.#others.numberOf(this.#words, 0)
  }
}
