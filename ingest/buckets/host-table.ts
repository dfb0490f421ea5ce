/**
 * Counts by host, service, direction and end: open addressing as in tables.ts, in slots of 32 bytes
 * aligned to cache lines. An IPv4 address is its own number here, because looking up a number for
 * it took as long as counting.
 */
import { freeBuffer } from '../../store/process/freed-memory.ts'
import { amountCount, isFull, mix, slotsFor, touchedRows } from './tables.ts'

/**
 * A slot, in words: host, code (0: free), bytes (two words), packets, flows, active (two words). No
 * interval has 2^32 flows; packets beyond 2^32 are stored separately.
 */
const slotWords = 8
const [codeAt, packetsAt, flowsAt] = [1, 4, 5]
/** Offsets of bytes and active in a slot, in doubles. */
const [bytesDouble, activeDouble] = [1, 3]
const wordMax = 2 ** 32 - 1
/** glibc starts large allocations 16 bytes past a cache line: this many bytes to the next line. */
const toLineBytes = 48
/** Two slots share a cache line. Probing starts at the first, so that few keys need a second line. */
const lineMask = ~1

/** Two keys per row, its receiver's and its sender's, and the amounts that both count. */
interface RowKeys {
  /** The number of flows that each row counts as. */
  flows: 0 | 1
  hosts: Int32Array
  codes: Int32Array
  bytes: Float64Array
  packets: Float64Array
  active: Float64Array
}

/** The slots of the keys being located, and the keys that are not in their first line. */
const places = new Int32Array(2 * touchedRows)
const elsewhere = new Int32Array(2 * touchedRows)

export class HostTable {
  count = 0
  /** The result of touching slots: stored, so that the loads are not optimized away. */
  touched = 0
  #mask: number
  #ints!: Int32Array
  #words!: Uint32Array
  #doubles!: Float64Array
  /** Packets that exceed a word, by key. */
  #packetsBeyond: Map<string, number> | null = null

  /** Has room for `expected` keys before it grows. */
  constructor(expected = 0) {
    this.#mask = slotsFor(expected) - 1
    this.#makeSlots()
  }

  /**
   * Counts rows, each for both of its keys; codes are never 0. The slots of a batch of rows are
   * touched first, which overlaps their cache misses; probing would wait for each in turn.
   */
  addRows(keys: RowKeys, rows: number): void {
    for (let from = 0; from < rows; from += touchedRows) {
      const to = Math.min(rows, from + touchedRows)
      while (isFull(this.count + 2 * (to - from), this.#mask)) this.#grow()
      this.#touch(keys, from, to)
      this.#locate(keys, from, to)
      this.#addLocated(keys, from, to)
    }
  }

  /** Calls `visit` with each key and its place. */
  forEach(visit: (host: number, code: number, at: number) => void): void {
    const words = this.#words
    for (let slot = 0; slot < words.length; slot += slotWords)
      if (words[slot + codeAt] !== 0) visit(words[slot]!, words[slot + codeAt]!, slot)
  }

  /** The host of the key at a place. */
  hostAt(at: number): number {
    return this.#words[at]!
  }

  codeAt(at: number): number {
    return this.#words[at + codeAt]!
  }

  /** Adds the amounts of the key at a place to `sums` from index `to`. */
  addTo(sums: Float64Array, to: number, at: number): void {
    const double = at >> 1
    sums[to] = sums[to]! + this.#doubles[double + bytesDouble]!
    sums[to + 1] = sums[to + 1]! + this.#words[at + packetsAt]! + this.#beyondAt(at)
    sums[to + 2] = sums[to + 2]! + this.#words[at + flowsAt]!
    sums[to + amountCount - 1] = sums[to + amountCount - 1]! + this.#doubles[double + activeDouble]!
  }

  /** Frees its memory; not to be used afterwards. */
  free(): void {
    freeBuffer(this.#ints)
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#words.byteLength
  }

  #touch({ hosts, codes }: RowKeys, from: number, to: number): void {
    const ints = this.#ints
    const mask = this.#mask & lineMask
    const first = 2 * from
    let sum = 0
    for (let i = first; i < 2 * to; i++) {
      const slot = (mix(hosts[i]!, codes[i]!) & mask) * slotWords
      places[i - first] = slot
      sum = (sum + ints[slot + codeAt]!) | 0
    }
    this.touched = sum
  }

  /**
   * Finds keys in the cache line where probing starts, where most are, without unpredictable
   * branches. For the others it touches the next line, then probes.
   */
  #locate({ hosts, codes }: RowKeys, from: number, to: number): void {
    const ints = this.#ints
    const first = 2 * from
    let missing = 0
    for (let i = first; i < 2 * to; i++) {
      const host = hosts[i]!
      const code = codes[i]!
      const begin = places[i - first]!
      const isSecond = Number(((ints[begin]! ^ host) | (ints[begin + codeAt]! ^ code)) !== 0)
      const slot = begin + isSecond * slotWords
      places[i - first] = slot
      elsewhere[missing] = i
      missing += Number(((ints[slot]! ^ host) | (ints[slot + codeAt]! ^ code)) !== 0)
    }
    const last = ints.length - 1
    let sum = 0
    for (let k = 0; k < missing; k++)
      sum = (sum + ints[(places[elsewhere[k]! - first]! + slotWords + codeAt) & last]!) | 0
    this.touched = sum
    for (let k = 0; k < missing; k++) {
      const i = elsewhere[k]!
      places[i - first] = this.#find(hosts[i]!, codes[i]!)
    }
  }

  #addLocated({ bytes, packets, active, flows }: RowKeys, from: number, to: number): void {
    const ints = this.#ints
    const words = this.#words
    const doubles = this.#doubles
    const first = 2 * from
    for (let i = first; i < 2 * to; i++) {
      const slot = places[i - first]!
      const row = i >> 1
      const double = slot >> 1
      doubles[double + bytesDouble] = doubles[double + bytesDouble]! + bytes[row]!
      doubles[double + activeDouble] = doubles[double + activeDouble]! + active[row]!
      const sum = words[slot + packetsAt]! + packets[row]!
      if (sum <= wordMax) words[slot + packetsAt] = sum
      else this.#addPackets(slot, packets[row]!)
      ints[slot + flowsAt] = (ints[slot + flowsAt]! + flows) | 0
    }
  }

  #addPackets(slot: number, packets: number): void {
    const sum = this.#words[slot + packetsAt]! + packets
    const inWord = sum % (wordMax + 1)
    this.#words[slot + packetsAt] = inWord
    if (sum === inWord) return
    this.#packetsBeyond ??= new Map<string, number>()
    this.#packetsBeyond.set(this.#keyAt(slot), this.#beyondAt(slot) + sum - inWord)
  }

  #beyondAt(slot: number): number {
    return this.#packetsBeyond?.get(this.#keyAt(slot)) ?? 0
  }

  #keyAt(slot: number): string {
    return `${this.hostAt(slot)} ${this.codeAt(slot)}`
  }

  /** Whether it has a key; the host as in RowKeys. */
  has(host: number, code: number): boolean {
    const ints = this.#ints
    let slot = (mix(host, code) & this.#mask & lineMask) * slotWords
    while (ints[slot + codeAt] !== code || ints[slot] !== host) {
      if (ints[slot + codeAt] === 0) return false
      slot = (slot + slotWords) & (ints.length - 1)
    }
    return true
  }

  /** The slot of a key, inserted if new. */
  #find(host: number, code: number): number {
    const ints = this.#ints
    let slot = (mix(host, code) & this.#mask & lineMask) * slotWords
    while (ints[slot + codeAt] !== code || ints[slot] !== host) {
      if (ints[slot + codeAt] === 0) {
        ints[slot] = host
        ints[slot + codeAt] = code
        this.count++
        return slot
      }
      slot = (slot + slotWords) & (ints.length - 1)
    }
    return slot
  }

  #grow(): void {
    const [ints, doubles] = [this.#ints, this.#doubles]
    this.#mask = this.#mask * 2 + 1
    this.#makeSlots()
    this.count = 0
    for (let from = 0; from < ints.length; from += slotWords) {
      if (ints[from + codeAt] === 0) continue
      const to = this.#find(ints[from]!, ints[from + codeAt]!)
      this.#doubles[(to >> 1) + bytesDouble] = doubles[(from >> 1) + bytesDouble]!
      this.#doubles[(to >> 1) + activeDouble] = doubles[(from >> 1) + activeDouble]!
      this.#ints[to + packetsAt] = ints[from + packetsAt]!
      this.#ints[to + flowsAt] = ints[from + flowsAt]!
    }
    freeBuffer(ints)
  }

  #makeSlots(): void {
    const length = (this.#mask + 1) * slotWords
    const buffer = new ArrayBuffer(toLineBytes + 4 * length)
    this.#ints = new Int32Array(buffer, toLineBytes, length)
    this.#words = new Uint32Array(buffer, toLineBytes, length)
    this.#doubles = new Float64Array(buffer, toLineBytes, length >> 1)
  }
}
