/**
 * Addresses by number: IPv4 ones, which most are, in a table of one word each beside the table of all, so that a
 * number is found in one place of memory.
 */
import { ipv4Marker } from '../../../flow/address.ts'
import type { KeyTable } from '../keys/key-table.ts'
import { ScratchMemory } from '../scratch-memory.ts'
import type { Entries } from '../format/page-values.ts'

const slotsAtFirst = 1024

/** Stands where a pair has no number, or was not met. */
const unknown = -1
/** The high half of an address that is IPv4. */
const noWords = new Uint32Array(2)
/** Pairs of different halves that are told apart by place, of 8 bytes each. */
const pairsMost = 1 << 18

/** A column of addresses: its halves, two words a row each, the low one first. */
export interface AddressHalves {
  readonly high: Uint32Array
  readonly low: Uint32Array
}

/** The different values of both halves; null where all high ones are 0. */
export interface HalfEntries {
  high: Entries | null
  low: Entries
}

/** The same with the different values of the halves, where a file has both so. */
export interface Addresses extends AddressHalves {
  readonly entries: HalfEntries | null
}

const scratch = new ScratchMemory<'pairs' | 'met'>()
const noNumbers = new Int32Array(0)

interface Numbering {
  /** Whether only addresses that are known have a number, and −1 stands for others. */
  isFinding: boolean
  out: Int32Array
}

export class AddressNumbers {
  readonly #table: KeyTable
  /** Of each slot an IPv4 address, as a signed word, and its number + 1; 0: free. */
  #slots = new Int32Array(2 * slotsAtFirst)
  #count = 0
  readonly #words = new Uint32Array(4)
  /** By pair of halves in a row group the number, and which rows were the first with one. */
  #ofPairs = noNumbers
  #met = noNumbers

  /** The numbers are those of a table whose keys are addresses, the high half first. */
  constructor(table: KeyTable) {
    this.#table = table
    const words = table.words()
    for (let number = 0; number < table.count; number++)
      if (isIPv4(words, 4 * number)) this.#add(words[4 * number + 2]! | 0, number)
  }

  /** Of the nth of the rows the number of its address, new where it was not met. */
  number(addresses: Addresses, rows: Int32Array, numbering: Numbering): void {
    const { entries } = addresses
    if (entries && pairsOf(entries) <= pairsMost) this.#numberEntries(entries, rows, numbering)
    else this.#numberHalves(addresses, rows, numbering)
  }

  /** Each address, which many rows have, is looked up once. */
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

  /** Puts the numbers of all pairs that have one. */
  #findPairs({ high, low }: HalfEntries): void {
    const lows = low.words.length / 2
    const highs = high?.words ?? noWords
    for (let place = 0; place < highs.length / 2; place++) {
      const isNone = (highs[2 * place]! | highs[2 * place + 1]!) === 0
      if (isNone) this.#findIPv4(low.words, place * lows)
      // Of others most questions ask for none.
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

  /** Numbers the pairs that rows have. */
  #numberMet(entries: HalfEntries, rows: Int32Array, ofRows: Int32Array): void {
    const [ofPairs, met] = [this.#ofPairs, this.#met]
    let count = 0
    // Whether a pair is a new one no processor could foresee: so there is no branch.
    for (let n = 0; n < ofRows.length; n++) {
      const pair = ofRows[n]!
      met[count] = n
      count += ofPairs[pair]! >>> 31
      ofPairs[pair] = 0
    }
    // One after the other, so that memory is not waited for each time.
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

/** Whether the words of halves, the high half first, are those of an IPv4 address. */
export function isIPv4(words: Uint32Array, at: number): boolean {
  return (words[at]! | words[at + 1]!) === 0 && words[at + 3] === ipv4Marker
}

/** High halves times low ones. */
export function pairsOf({ high, low }: HalfEntries): number {
  return ((high === null ? 1 : high.words.length / 2) * low.words.length) / 2
}

/** Of the nth of the rows which pair of halves it has: see pairsOf. */
export function putPairs({ high, low }: HalfEntries, rows: Int32Array, out: Int32Array): void {
  const lows = low.words.length / 2
  if (high === null) for (let n = 0; n < rows.length; n++) out[n] = low.places[rows[n]!]!
  else
    for (let n = 0; n < rows.length; n++) {
      const row = rows[n]!
      out[n] = high.places[row]! * lows + low.places[row]!
    }
}

/** Of the nth of the rows the number of its pair. */
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

/** Writes the words of the address at a row, the high half first. */
export function putHalves({ high, low }: HalfEntries, row: number, words: Uint32Array): void {
  const lowAt = 2 * low.places[row]!
  const highAt = high === null ? 0 : 2 * high.places[row]!
  words[0] = high === null ? 0 : high.words[highAt]!
  words[1] = high === null ? 0 : high.words[highAt + 1]!
  words[2] = low.words[lowAt]!
  words[3] = low.words[lowAt + 1]!
}
