/** Packs address halves into little more than one word each: most have the high word of IPv4 addresses. */
import { ipv4Marker } from '../address.ts'

export interface PackedHalves {
  readonly lows: Uint32Array
  /** The positions, ascending, of the halves whose high word is not ipv4Marker, and these words. */
  readonly others: Uint16Array
  readonly otherHighs: Uint32Array
}

/** Packs halves of two words, low word first; at most 65,536. The result is a single buffer of its own. */
export function packHalves(words: Uint32Array): PackedHalves {
  const count = words.length / 2
  let otherCount = 0
  for (let at = 1; at < words.length; at += 2) if (words[at] !== ipv4Marker) otherCount++
  const buffer = new ArrayBuffer(4 * count + 6 * otherCount)
  const lows = new Uint32Array(buffer, 0, count)
  const otherHighs = new Uint32Array(buffer, 4 * count, otherCount)
  const others = new Uint16Array(buffer, 4 * (count + otherCount), otherCount)
  for (let place = 0; place < count; place++) lows[place] = words[2 * place]!
  for (let place = 0, n = 0; n < otherCount; place++) {
    others[n] = place
    otherHighs[n] = words[2 * place + 1]!
    if (otherHighs[n] !== ipv4Marker) n++
  }
  return { lows, others, otherHighs }
}

/** The place of a half among distinct ones; −1 if it is not one of them. */
export function placeOf(
  { lows, others, otherHighs }: PackedHalves,
  { low, high }: { low: number; high: number },
): number {
  if (high !== ipv4Marker) {
    const n = others.findIndex((place, each) => otherHighs[each] === high && lows[place] === low)
    return n < 0 ? -1 : others[n]!
  }
  let n = 0
  for (let place = lows.indexOf(low); place >= 0; place = lows.indexOf(low, place + 1)) {
    while (n < others.length && others[n]! < place) n++
    if (others[n] !== place) return place
  }
  return -1
}

/** Writes the words of some rows' halves to consecutive places, without unpacking the others. */
export function pickHalves(
  { lows, others, otherHighs }: PackedHalves,
  { places, rows }: { places: Uint16Array; rows: Int32Array },
  words: Uint32Array,
): void {
  let [place, low, high] = [-1, 0, 0]
  for (let n = 0; n < rows.length; n++) {
    // Sorted neighbours often have the same address.
    if (places[rows[n]!] !== place) {
      place = places[rows[n]!]!
      low = lows[place]!
      const at = positionOf(others, place)
      high = at < 0 ? ipv4Marker : otherHighs[at]!
    }
    words[2 * n] = low
    words[2 * n + 1] = high
  }
}

/** Where a number is in an ascending list; −1 if it is not there. */
function positionOf(ascending: Uint16Array, wanted: number): number {
  let [low, high] = [0, ascending.length - 1]
  while (low <= high) {
    const middle = (low + high) >> 1
    const value = ascending[middle]!
    if (value === wanted) return middle
    if (value < wanted) low = middle + 1
    else high = middle - 1
  }
  return -1
}

/** Writes the unpacked words and returns them. */
export function unpackHalves(
  { lows, others, otherHighs }: PackedHalves,
  words: Uint32Array,
): Uint32Array {
  for (let place = 0; place < lows.length; place++) {
    words[2 * place] = lows[place]!
    words[2 * place + 1] = ipv4Marker
  }
  for (let n = 0; n < others.length; n++) words[2 * others[n]! + 1] = otherHighs[n]!
  return words
}
