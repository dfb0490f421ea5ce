/**
 * Numbers addresses: IPv4, by far the most, in a table of one word each beside the table of all, so
 * that a number is found with one memory access.
 */
import { ipv4Marker } from '../../../flow/address.ts'
import type { KeyTable } from '../keys/key-table.ts'
import { ScratchMemory } from '../scratch-memory.ts'
import type { Entries } from '../format/page-values.ts'

const slotsAtFirst = 1024

/** Marks a pair without a number, or not yet seen. */
const unknown = -1
/** The high half of an IPv4 address. */
const noWords = new Uint32Array(2)
/** Most pairs of distinct halves that are indexed, 8 bytes each. */
const pairsMax = 1 << 18

/** A column of addresses: its halves, two words per row each, low word first. */
export interface AddressHalves {
  readonly high: Uint32Array
  readonly low: Uint32Array
}

/** The distinct values of both halves; null if all high halves are 0. */
export interface HalfEntries {
  high: Entries | null
  low: Entries
}

/** The same with the distinct values of the halves, if the file stores both as dictionaries. */
export interface Addresses extends AddressHalves {
  readonly entries: HalfEntries | null
}

const scratch = new ScratchMemory<'pairs' | 'met'>()
const noNumbers = new Int32Array(0)

interface Numbering {
  /** Whether only known addresses have numbers, and others get −1. */
  isFinding: boolean
  out: Int32Array
}

export class AddressNumbers {
  readonly #table: KeyTable
  /** By slot, an IPv4 address as a signed word, and its number + 1; 0: free. */
  #slots = new Int32Array(2 * slotsAtFirst)
  #count = 0
  readonly #words = new Uint32Array(4)
  /** By pair of halves in a row group, its number; and the first row of each new pair. */
  #ofPairs = noNumbers
  #met = noNumbers

  /** Takes its numbers from a table whose keys are addresses, high half first. */
  constructor(table: KeyTable) {
    this.#table = table
    const words = table.words()
    for (let number = 0; number < table.count; number++)
      if (isIPv4(words, 4 * number)) this.#add(words[4 * number + 2]! | 0, number)
  }

  /** The number of the nth row's address, assigned if it is new. */
  number(addresses: Addresses, rows: Int32Array, numbering: Numbering): void {
    const { entries } = addresses
    if (entries && pairsOf(entries) <= pairsMax) this.#numberEntries(entries, rows, numbering)
    else this.#numberHalves(addresses, rows, numbering)
  }

  /** Looks up each distinct address once, since many rows share it. */
  #numberEntries(entries: HalfEntries, rows: Int32Array, { isFinding, out }: Numbering): void {
    const pairs = pairsOf(entries)
    const ofPairs = new Int32Array(scratch.of('pairs', 4 * pairs), 0, pairs).fill(unknown)
    this.#ofPairs = ofPairs
    this.#met = new Int32Array(scratch.of('met', 4 * (pairs + 1)))
    const ofRows = out.subarray(0, rows.length)
    if (isFinding) this.#findPairs(entries)
    else {
      putPairs(entries, rows, ofRows)
      this.#numberMet(entries, rows, ofRows)
    }
    putNumbers(entries, rows, ofPairs, ofRows)
  }

  /** Fills in the numbers of all pairs that have one. */
  #findPairs({ high, low }: HalfEntries): void {
    const lows = low.words.length / 2
    const highs = high?.words ?? noWords
    for (let place = 0; place < highs.length / 2; place++) {
      const isNone = (highs[2 * place]! | highs[2 * place + 1]!) === 0
      if (isNone) this.#findIPv4(low.words, place * lows)
      // Most queries look for no other addresses.
      if (this.#count < this.#table.count)
        this.#findOthers(highs.subarray(2 * place, 2 * place + 2), low.words, place * lows)
    }
  }

  #findIPv4(lows: Uint32Array, from: number): void {
    const [slots, ofPairs] = [this.#slots, this.#ofPairs]
    const mask = slots.length - 2
    for (let place = 0; place < lows.length / 2; place++) {
      if (lows[2 * place + 1] !== ipv4Marker) continue
      const address = lows[2 * place]! | 0
      let slot = slotOf(address) & mask
      while (slots[slot + 1] !== 0 && slots[slot] !== address) slot = (slot + 2) & mask
      ofPairs[from + place] = slots[slot + 1]! - 1
    }
  }

  #findOthers(high: Uint32Array, lows: Uint32Array, from: number): void {
    const words = this.#words
    words.set(high)
    for (let place = 0; place < lows.length / 2; place++) {
      words[2] = lows[2 * place]!
      words[3] = lows[2 * place + 1]!
      if (!isIPv4(words, 0)) this.#ofPairs[from + place] = this.#table.find(words, 0)
    }
  }

  /** Numbers the pairs that occur in the rows. */
  #numberMet(entries: HalfEntries, rows: Int32Array, ofRows: Int32Array): void {
    const [ofPairs, met] = [this.#ofPairs, this.#met]
    let count = 0
    // Branch-free: whether a pair is new cannot be predicted.
    for (let n = 0; n < ofRows.length; n++) {
      const pair = ofRows[n]!
      met[count] = n
      count += ofPairs[pair]! >>> 31
      ofPairs[pair] = 0
    }
    // In a loop of its own, so that memory latencies overlap.
    for (let i = 0; i < count; i++) {
      const n = met[i]!
      putHalves(entries, rows[n]!, this.#words)
      ofPairs[ofRows[n]!] = this.#numberOfWords(false)
    }
  }

  #numberHalves(
    { high, low }: AddressHalves,
    rows: Int32Array,
    { isFinding, out }: Numbering,
  ): void {
    const words = this.#words
    for (let n = 0; n < rows.length; n++) {
      const at = 2 * rows[n]!
      words[0] = high[at]!
      words[1] = high[at + 1]!
      words[2] = low[at]!
      words[3] = low[at + 1]!
      out[n] = this.#numberOfWords(isFinding)
    }
  }

  #numberOfWords(isFinding: boolean): number {
    const words = this.#words
    if (isIPv4(words, 0)) return this.#numberIPv4(words[2]! | 0, isFinding)
    return isFinding ? this.#table.find(words, 0) : this.#table.numberOf(words, 0)
  }

  #numberIPv4(address: number, isFinding: boolean): number {
    const slots = this.#slots
    const mask = slots.length - 2
    let slot = slotOf(address) & mask
    while (slots[slot + 1] !== 0 && slots[slot] !== address) slot = (slot + 2) & mask
    if (slots[slot + 1] !== 0) return slots[slot + 1]! - 1
    return isFinding ? -1 : this.#newIPv4(address)
  }

  #newIPv4(address: number): number {
    this.#words.set([0, 0, address, ipv4Marker])
    const number = this.#table.numberOf(this.#words, 0)
    this.#add(address, number)
    return number
  }

  #add(address: number, number: number): void {
    if (4 * ++this.#count > this.#slots.length) this.#grow()
    put(this.#slots, address, number + 1)
  }

  #grow(): void {
    const before = this.#slots
    this.#slots = new Int32Array(4 * before.length)
    for (let slot = 0; slot < before.length; slot += 2)
      if (before[slot + 1] !== 0) put(this.#slots, before[slot]!, before[slot + 1]!)
  }
}

function put(slots: Int32Array, address: number, numberAndOne: number): void {
  const mask = slots.length - 2
  let slot = slotOf(address) & mask
  while (slots[slot + 1] !== 0) slot = (slot + 2) & mask
  slots[slot] = address
  slots[slot + 1] = numberAndOne
}

function slotOf(address: number): number {
  const hash = Math.imul(address, 0x9e3779b1)
  return hash ^ (hash >>> 15)
}

/** Whether the words of two halves, high half first, are an IPv4 address. */
export function isIPv4(words: Uint32Array, at: number): boolean {
  return (words[at]! | words[at + 1]!) === 0 && words[at + 3] === ipv4Marker
}

/** The number of combinations of high and low halves. */
export function pairsOf({ high, low }: HalfEntries): number {
  return ((high === null ? 1 : high.words.length / 2) * low.words.length) / 2
}

/** For the nth row, the index of its pair of halves: see pairsOf. */
export function putPairs({ high, low }: HalfEntries, rows: Int32Array, out: Int32Array): void {
  const lows = low.words.length / 2
  if (high === null) for (let n = 0; n < rows.length; n++) out[n] = low.places[rows[n]!]!
  else
    for (let n = 0; n < rows.length; n++) {
      const row = rows[n]!
      out[n] = high.places[row]! * lows + low.places[row]!
    }
}

/** For the nth row, the number of its pair. */
function putNumbers(
  { high, low }: HalfEntries,
  rows: Int32Array,
  ofPairs: Int32Array,
  out: Int32Array,
): void {
  const lows = low.words.length / 2
  if (high === null) for (let n = 0; n < rows.length; n++) out[n] = ofPairs[low.places[rows[n]!]!]!
  else
    for (let n = 0; n < rows.length; n++) {
      const row = rows[n]!
      out[n] = ofPairs[high.places[row]! * lows + low.places[row]!]!
    }
}

/** Writes the words of a row's address, high half first. */
export function putHalves({ high, low }: HalfEntries, row: number, words: Uint32Array): void {
  const lowAt = 2 * low.places[row]!
  const highAt = high === null ? 0 : 2 * high.places[row]!
  words[0] = high === null ? 0 : high.words[highAt]!
  words[1] = high === null ? 0 : high.words[highAt + 1]!
  words[2] = low.words[lowAt]!
  words[3] = low.words[lowAt + 1]!
}
