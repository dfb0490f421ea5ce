/** The distinct values of a column and the index of each row's value, for Parquet's RLE_DICTIONARY. */

import { ScratchMemory } from '../scratch-memory.ts'
import { RowOrder } from '../write/row-order.ts'

/** Values as the words of their plain encoding: one per row, or two, low word first. */
export interface Words {
  words: Int32Array
  isWide: boolean
  rows: number
}

export interface Dictionary {
  count: number
  /** By index, the first row with this value. */
  firsts: Int32Array
  /** By row, the index of its value. */
  places: Int32Array
}

const slotsMin = 1 << 10
const scratch = new ScratchMemory<'table' | 'firsts' | 'places'>()
const order = new RowOrder()

/** A column's dictionary in order of appearance, valid until the next call; null if larger than `most`. */
export function dictionaryOf({ words, isWide, rows }: Words, most: number): Dictionary | null {
  let slots = slotsMin
  while (slots < 2 * Math.min(most, rows)) slots *= 2
  /** Index + 1 by slot. */
  const table = new Int32Array(scratch.of('table', 4 * slots), 0, slots).fill(0)
  const firsts = new Int32Array(scratch.of('firsts', 4 * Math.min(most, rows)))
  const places = new Int32Array(scratch.of('places', 4 * rows), 0, rows)
  const step = isWide ? 2 : 1
  let count = 0
  for (let row = 0; row < rows; row++) {
    const low = words[row * step]!
    const high = isWide ? words[2 * row + 1]! : 0
    let slot = mixed(low, high) & (slots - 1)
    let place = table[slot]! - 1
    while (place >= 0) {
      const at = firsts[place]! * step
      if (words[at] === low && (!isWide || words[at + 1] === high)) break
      slot = (slot + 1) & (slots - 1)
      place = table[slot]! - 1
    }
    if (place < 0) {
      if (count === most) return null
      firsts[count] = row
      place = count++
      table[slot] = count
    }
    places[row] = place
  }
  return { count, firsts: firsts.subarray(0, count), places }
}

function mixed(low: number, high: number): number {
  let hash = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1)
  hash ^= hash >>> 15
  return Math.imul(hash, 0x2c1b3c6d) >>> 8
}

/** Orders a dictionary by value, ascending, or by frequency, descending; invalidates the one given. */
export function ordered(
  { count, firsts, places }: Dictionary,
  { words, isWide }: Words,
  { byFrequency = false }: { byFrequency?: boolean } = {},
): Dictionary {
  order.begin(count)
  const step = isWide ? 2 : 1
  const part = new Float64Array(count)
  if (isWide) {
    for (let place = 0; place < count; place++) part[place] = words[2 * firsts[place]!]! >>> 0
    order.sortBy(part)
  }
  for (let place = 0; place < count; place++) part[place] = words[step * firsts[place]! + step - 1]!
  order.sortBy(part)
  if (byFrequency) {
    part.fill(0)
    for (let row = 0; row < places.length; row++) part[places[row]!]! -= 1
    order.sortBy(part)
  }
  const { rows } = order
  const placeOf = new Int32Array(count)
  const sorted = new Int32Array(count)
  for (let place = 0; place < count; place++) {
    placeOf[rows[place]!] = place
    sorted[place] = firsts[rows[place]!]!
  }
  for (let row = 0; row < places.length; row++) places[row] = placeOf[places[row]!]!
  return { count, firsts: sorted, places }
}

/** The bits of an index into this many values. */
export function indexWidth(count: number): number {
  return Math.max(1, 32 - Math.clz32(count - 1))
}

/** The same in whole bytes: one or two are enough for any dictionary. */
export function byteWidth(count: number): number {
  return count <= 256 ? 8 : 16
}

/** Indices of at most 24 bits as in a data page: their width, then one bit-packed run, lowest bits first. */
export function packedIndices(places: Int32Array, width: number): Buffer {
  const groups = Math.ceil(places.length / 8)
  const bytes = Buffer.alloc(6 + groups * width)
  let at = bytes.writeUInt8(width, 0)
  for (let rest = groups * 2 + 1; ; rest >>>= 7) {
    bytes[at++] = rest < 0x80 ? rest : (rest & 0x7f) | 0x80
    if (rest < 0x80) break
  }
  const end = at + groups * width
  if (width === 16) {
    for (let i = 0; i < places.length; i++, at += 2) {
      bytes[at] = places[i]!
      bytes[at + 1] = places[i]! >>> 8
    }
    return bytes.subarray(0, end)
  }
  let [word, used] = [0, 0]
  for (let i = 0; i < places.length; i++) {
    word |= places[i]! << used
    used += width
    for (; used >= 8; used -= 8) {
      bytes[at++] = word & 0xff
      word >>>= 8
    }
  }
  if (used > 0) bytes[at] = word
  return bytes.subarray(0, end)
}
