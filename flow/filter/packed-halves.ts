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
