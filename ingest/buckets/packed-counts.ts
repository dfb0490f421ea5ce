/**
 * The counts of hosts in an interval that is over, in a third of the space of a table: one key
 * after the other, with numbers of variable length. It is read like a table, but nothing more is
 * counted into it.
 */
import { freeBuffer } from '../../store/process/freed-memory.ts'
import { amountCount } from './tables.ts'

/** Counts of hosts, by host and code (see HostTable); `at` is the place of a key. */
export interface HostCounts {
  /** Number of keys; joined counts may have a key more than once. */
  readonly count: number
  forEach(visit: (host: number, code: number, at: number) => void): void
  codeAt(at: number): number
  /** Adds the amounts of a key to `sums` from index `to`. */
  addTo(sums: Float64Array, to: number, at: number): void
}

/** A key takes four bytes for its host, four for its code, and one for the length of its amounts. */
const codeBegin = 4
const lengthBegin = 8
const keyBytes = 9
/** A byte of an amount holds 7 bits; the eighth says that more follow (LEB128). */
const perByte = 128
/** Numbers below this are decoded by shifts, which is faster. */
const shiftedMax = 2 ** 28
/** The amounts of the key being packed. */
const amounts = new Float64Array(amountCount)

export class PackedCounts implements HostCounts {
  readonly count: number
  readonly #bytes: Uint8Array
  /** Where the next number starts. */
  #at = 0

  private constructor(count: number, bytes: Uint8Array) {
    this.count = count
    this.#bytes = bytes
  }

  /** Null if an amount is not a safe integer. */
  static of(counts: HostCounts): PackedCounts | null {
    let length = counts.count * keyBytes
    let isWhole = true
    counts.forEach((_, _code, at) => {
      readAmounts(counts, at)
      for (let i = 0; i < amounts.length; i++) {
        isWhole &&= Number.isSafeInteger(amounts[i])
        length += lengthOf(amounts[i]!)
      }
    })
    if (!isWhole) return null
    const bytes = new Uint8Array(length)
    let end = 0
    counts.forEach((host, code, at) => {
      readAmounts(counts, at)
      putWord(bytes, end, host)
      putWord(bytes, end + codeBegin, code)
      const begin = end + keyBytes
      let next = begin
      for (let i = 0; i < amounts.length; i++) next = put(bytes, next, amounts[i]!)
      bytes[end + lengthBegin] = next - begin
      end = next
    })
    return new PackedCounts(counts.count, bytes)
  }

  forEach(visit: (host: number, code: number, at: number) => void): void {
    const bytes = this.#bytes
    for (let at = 0; at < bytes.length;) {
      visit(wordAt(bytes, at), wordAt(bytes, at + codeBegin), at)
      at += keyBytes + bytes[at + lengthBegin]!
    }
  }

  codeAt(at: number): number {
    return wordAt(this.#bytes, at + codeBegin)
  }

  addTo(sums: Float64Array, to: number, at: number): void {
    this.#at = at + keyBytes
    for (let i = 0; i < amounts.length; i++) sums[to + i] = sums[to + i]! + this.#next()
  }

  /** Frees its memory; not to be used afterwards. */
  free(): void {
    freeBuffer(this.#bytes)
  }

  /** Bytes held; all places are below this. */
  get bytes(): number {
    return this.#bytes.length
  }

  #next(): number {
    const bytes = this.#bytes
    let byte = bytes[this.#at++]!
    let value = byte & (perByte - 1)
    for (let shift = 7; byte >= perByte && shift < 28; shift += 7) {
      byte = bytes[this.#at++]!
      value |= (byte & (perByte - 1)) << shift
    }
    for (let scale = shiftedMax; byte >= perByte; scale *= perByte) {
      byte = bytes[this.#at++]!
      value += (byte & (perByte - 1)) * scale
    }
    return value
  }
}

/** Several counts as one: a key may be in more than one of them. */
export class JoinedCounts implements HostCounts {
  readonly count: number
  readonly #packed: readonly PackedCounts[]
  readonly #last: HostCounts
  /** The offset of each part's places; the last part comes last. */
  readonly #from: number[] = [0]

  constructor(packed: readonly PackedCounts[], last: HostCounts) {
    this.#packed = packed
    this.#last = last
    this.count = packed.reduce((sum, { count }) => sum + count, last.count)
    for (const { bytes } of packed) this.#from.push(this.#from.at(-1)! + bytes)
  }

  forEach(visit: (host: number, code: number, at: number) => void): void {
    for (const [part, from] of this.#from.entries())
      this.#part(part).forEach((host, code, at) => visit(host, code, from + at))
  }

  codeAt(at: number): number {
    const part = this.#partOf(at)
    return this.#part(part).codeAt(at - this.#from[part]!)
  }

  addTo(sums: Float64Array, to: number, at: number): void {
    const part = this.#partOf(at)
    this.#part(part).addTo(sums, to, at - this.#from[part]!)
  }

  #part(part: number): HostCounts {
    return this.#packed[part] ?? this.#last
  }

  #partOf(at: number): number {
    let part = this.#from.length - 1
    while (this.#from[part]! > at) part--
    return part
  }
}

function readAmounts(counts: HostCounts, at: number): void {
  amounts.fill(0)
  counts.addTo(amounts, 0, at)
}

/** The length of an integer, in bytes. */
function lengthOf(value: number): number {
  let length = 1
  let rest = value
  for (; rest >= shiftedMax; rest = Math.floor(rest / perByte)) length++
  for (; rest >= perByte; rest >>>= 7) length++
  return length
}

/** Writes an integer, low bits first; returns the end. */
function put(bytes: Uint8Array, at: number, value: number): number {
  let [end, rest] = [at, value]
  for (; rest >= shiftedMax; rest = Math.floor(rest / perByte))
    bytes[end++] = (rest % perByte) + perByte
  for (; rest >= perByte; rest >>>= 7) bytes[end++] = (rest & (perByte - 1)) | perByte
  bytes[end++] = rest
  return end
}

function putWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word
  bytes[at + 1] = word >>> 8
  bytes[at + 2] = word >>> 16
  bytes[at + 3] = word >>> 24
}

function wordAt(bytes: Uint8Array, at: number): number {
  const low = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)
  return (low | (bytes[at + 3]! << 24)) >>> 0
}
