/**
 * Finds the rows of one address where the distinct address halves are known: its place among them is
 * looked up once, and rows are compared with it four at a time.
 */
import { placeOf } from './packed-halves.ts'
import type { DistinctAddresses } from './predicate.ts'

const upperPlace = 0x10000
/** Both 16-bit halves of a word are 1, or have only their highest bit. */
const [ones, highest] = [0x00010001, 0x80008000]

/** Rows whose low half matches; grown, never reallocated per call. */
let found = new Int32Array(0)

/** Writes `value` for each of the first `rows` rows that has an address (four words, most significant first). */
export function writeSingle(
  { high, low }: DistinctAddresses,
  address: Uint32Array,
  { rows, out, value }: { rows: number; out: Uint8Array; value: 0 | 1 },
): void {
  const lowPlace = placeOf(low, { high: address[2]!, low: address[3]! })
  if (lowPlace < 0) return
  const highPlace = placeOf(high, { high: address[0]!, low: address[1]! })
  if (highPlace < 0) return
  const ofLow = rowsOf(low.places, lowPlace, rows)
  if (ofLow.length === 0) return
  if (high.lows.length === 1) for (const row of ofLow) out[row] = value
  else {
    const places = high.placesOf(ofLow)
    for (const row of ofLow) if (places[row] === highPlace) out[row] = value
  }
}

/** The rows, ascending, that have a place; valid until the next call. */
function rowsOf(places: Uint16Array, place: number, rows: number): Int32Array {
  // One more than there are rows: the last may be written and not count.
  if (found.length <= rows) found = new Int32Array(rows + 1)
  const pairs = new Uint32Array(places.buffer, places.byteOffset, rows >>> 1)
  const both = place * upperPlace + place
  let [count, next] = [0, 0]
  for (let pair = 0; pair + 2 <= pairs.length; pair += 2) {
    const one = pairs[pair]! ^ both
    const other = pairs[pair + 1]! ^ both
    // Borrowing reaches the highest bit of a half only if a half is 0. Mostly none is.
    if ((((one - ones) & ~one) | ((other - ones) & ~other)) & highest)
      for (let row = 2 * pair; row < 2 * pair + 4; row++) {
        found[count] = row
        count += places[row] === place ? 1 : 0
      }
    next = 2 * pair + 4
  }
  for (let row = next; row < rows; row++) {
    found[count] = row
    count += places[row] === place ? 1 : 0
  }
  return found.subarray(0, count)
}
